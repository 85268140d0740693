// A server under honest and bad traffic at once, whose worker thread is ended once a minute: memory, open files and honest answers
// stay as they were, nothing it says is a fault of its own, and no text or key comes out in its log and its errors.
import { execFileSync, fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { smallModel } from '../good-inputs.mjs';
import { pause } from './client.mjs';
import { footprint, start } from './serving.mjs';

/** Of honest clients alone, of bad traffic beside them, and between two ends of the worker thread. */
const MS = {
  short: { alone: 5000, beside: 24_000, kill: 6000 },
  full: { alone: 60_000, beside: 20 * 60_000, kill: 60_000 },
};
const IDLE = { short: 500, full: 5000 };
const CLIENTS = 8;
const HELD_MS = 50;

const forked = (name, task) =>
  fork(fileURLToPath(new URL(name, import.meta.url)), [JSON.stringify(task)], { serialization: 'advanced' });
const message = (child) =>
  new Promise((done, fail) => {
    const onExit = (code) => fail(new Error(`a process of clients ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (told) => {
      child.off('exit', onExit);
      done(told);
    });
  });
const quantile = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? Number.NaN;

/** Of a process with its threads, and of what it starts from then on (Linux). */
const pin = (pid, cores) => execFileSync('taskset', ['-acp', cores, String(pid)], { stdio: 'ignore' });

/**
 * `minutes` of bad traffic; null: as many as there are in MS. `apart`: who sends it has the last core to himself, the server and its
 * honest clients have the others, as if it came from another machine.
 */
export async function server({ dir, seed, short, minutes, apart, report, say }) {
  const last = availableParallelism() - 1;
  if (apart && last === 0) throw new Error('--apart needs two cores');
  if (apart) pin(process.pid, `0-${last - 1}`);
  const own = join(dir, 'server');
  mkdirSync(own, { recursive: true });
  const { model } = smallModel(own, seed);
  const ms = { ...(short ? MS.short : MS.full), ...(minutes !== null && { beside: minutes * 60_000 }) };
  const idle = short ? IDLE.short : IDLE.full;
  const it = await start(model, { dir: own, hasKeys: true });
  const honest = forked('./honest.mjs', { port: it.port, seed, clients: CLIENTS });
  const ask = (what) => {
    const answer = message(honest);
    honest.send({ ask: what });
    return answer;
  };
  try {
    await pause(3000);
    await ask('half'); // of what they could get
    await pause(1000);
    await ask('seen');
    it.held.length = 0;
    await pause(ms.alone);
    const alone = { ...(await ask('seen')), held: Math.max(...it.held) };
    const before = { ...footprint(it.child.pid), series: await series(it.port) };
    it.held.length = 0;
    const attackers = forked('./attacks.mjs', { port: it.port, seed, ms: ms.beside, idle, model: own });
    if (apart) pin(attackers.pid, String(last));
    const told = message(attackers);
    const seen = await besideThem({ it, ask, ms, told });
    await pause(5000);
    const after = { ...footprint(it.child.pid), series: await series(it.port) };
    tell({ it, alone, seen, bad: await told, before, after, idle, ms, short, report, say });
  } finally {
    honest.disconnect();
    it.child.kill('SIGKILL');
    if (apart) pin(process.pid, `0-${last}`);
  }
}

/** Lines of /metrics that are values. */
async function series(port) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}

/** Until the bad traffic ends: honest answers, memory and files in parts of the time between two kills. */
async function besideThem({ it, ask, ms, told }) {
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  void told.then(end, end);
  const seen = { parts: [], wrong: [], memory: [], files: [], held: [] };
  const begin = performance.now();
  let kills = 0;
  while (!isOver) {
    // in the middle of each part
    if (performance.now() - begin > (kills + 0.5) * ms.kill) {
      it.child.kill('SIGUSR2');
      kills++;
    }
    const now = footprint(it.child.pid);
    seen.memory.push(now.rss);
    seen.files.push(now.files);
    if (performance.now() - begin > (seen.parts.length + 1) * ms.kill) {
      const { ms: times, wrong } = await ask('seen');
      seen.parts.push(times);
      seen.wrong.push(...wrong);
    }
    await pause(500);
  }
  const { ms: times, wrong } = await ask('seen');
  seen.parts.push(times);
  seen.wrong.push(...wrong);
  seen.held = [...it.held];
  return { ...seen, kills };
}

function tell({ it, alone, seen, bad, before, after, idle, ms, short, report, say }) {
  // too short, and beside other work, a run says nothing of time and growth: then they are shown and not judged
  const judge = short ? (promise, measured) => say(`  ${promise}: ${measured}`) : report;
  const all = seen.parts.flat();
  const wrong = [...alone.wrong, ...seen.wrong];
  say(
    `  ${alone.ms.length} honest requests alone, ${all.length} beside ${bad.sent} bad ones in ${ms.beside / 60_000} minutes`,
  );
  report(
    'every honest request is answered rightly, though the worker thread is ended again and again',
    `${wrong.length} of ${all.length} were not, the thread was ended ${it.workersEnded} times ${wrong.slice(0, 3).join('; ')}`,
    wrong.length === 0 && all.length > 0 && it.workersEnded === seen.kills && seen.kills > 0,
  );
  report(
    'no bad request gets a 5xx or an error without a sentence',
    `${bad.faults.length} of ${bad.sent} ${bad.faults.slice(0, 3).join('; ')}`,
    bad.faults.length === 0 && bad.sent > 0,
  );
  report(
    'no error body gives back a text, a key or where the model lies',
    `${bad.leaks.length} of ${bad.sent} ${bad.leaks.slice(0, 2).join('; ')}`,
    bad.leaks.length === 0,
  );
  report(
    'no text and no key is in the log, at level debug',
    `${it.leaks.join(', ') || 'none'} in ${it.characters} characters`,
    it.leaks.length === 0 && it.characters > 0,
  );
  const [p99, p99Beside] = [quantile(alone.ms, 0.99), quantile(all, 0.99)];
  judge(
    'honest p99 at most doubles under bad traffic',
    `${p99.toFixed(1)} ms alone, ${p99Beside.toFixed(1)} ms beside it`,
    p99Beside <= 2 * p99,
  );
  const third = Math.ceil(seen.parts.length / 3);
  const [early, late] = [seen.parts.slice(0, third), seen.parts.slice(-third)].map((part) =>
    quantile(part.flat(), 0.99),
  );
  judge(
    'and does not rise from the first to the last third',
    `${early.toFixed(1)} ms, then ${late.toFixed(1)}`,
    late <= early * 1.5 + 2,
  );
  const held = Math.max(...seen.held);
  judge(
    `the event loop is never held for ${HELD_MS} ms`,
    `${alone.held} ms at most alone, ${held} ms beside bad traffic; ${seen.held.filter((one) => one > HELD_MS).length} of ${seen.held.length} seconds had more`,
    seen.held.length > 0 && held <= Math.max(HELD_MS, alone.held),
  );
  const part = Math.ceil(seen.memory.length / 3);
  const [first, last] = [seen.memory.slice(0, part), seen.memory.slice(-part)].map((some) => Math.max(...some));
  judge(
    'memory does not grow from the first to the last third',
    `${Math.round(before.rss)} MiB before, at most ${Math.round(first)} and ${Math.round(last)}, ${Math.round(after.rss)} after`,
    last <= first * 1.2 + 32,
  );
  report(
    'open files go back to what they were',
    `${before.files} before, ${Math.max(...seen.files)} at most with ${bad.mostIdle} of ${idle} idle connections, ${after.files} after`,
    after.files <= before.files + 16 && bad.mostIdle >= idle,
  );
  report(
    'metrics stay bounded, whatever models and routes are asked for',
    `${before.series} values before, ${after.series} after`,
    after.series <= before.series + 40,
  );
}
