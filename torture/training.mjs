// Trainings that are killed, starved and misled: they end with the bytes of the run that was left alone, or with one sentence, and
// leave nothing half-written behind.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readModelFolder } from '../dist/pyramid/folder/disk-model.js';
import { randomStream } from '../dist/random.js';
import { csvOf, MAIN, rows, SMALL } from './good-inputs.mjs';

const KILLS = { short: 6, full: 50 };

export async function training({ dir, seed, short, report, say }) {
  const own = join(dir, 'training');
  mkdirSync(own, { recursive: true });
  const train = join(own, 'train.csv');
  writeFileSync(train, csvOf(rows(seed, 300)));
  const args = (name) => [
    'train',
    '--train',
    train,
    '--method',
    'mp',
    '--out',
    join(own, name),
    '--seed',
    String(seed),
    ...SMALL,
    '--epochs',
    '3,1,1,2',
    '--checkpoint-every',
    '3',
  ];
  const begin = performance.now();
  const whole = await run(args('whole')).ended;
  if (whole.code !== 0) throw new Error(whole.errors);
  const length = performance.now() - begin;
  const wanted = resultOf(join(own, 'whole'));
  say(`  a run takes ${(length / 1000).toFixed(1)} s`);

  const random = randomStream(seed, 'torture training');
  const kills = short ? KILLS.short : KILLS.full;
  report(
    'a training killed at random moments and resumed ends with the same bytes',
    ...(await killed({ own, args, wanted, random, kills, wait: () => random.next() * length * 0.6 })),
  );
  report(
    'a training killed within its final write and resumed ends with the same bytes',
    ...(await killedInTheEnd({ own, args, wanted, times: short ? 1 : 5 })),
  );

  const jumps = join(own, 'jumps.mjs');
  writeFileSync(jumps, CLOCK);
  const jumped = await run(args('clock'), { nodeArgs: ['--import', jumps] }).ended;
  const isSame = jumped.code === 0 && same(resultOf(join(own, 'clock')), wanted);
  report(
    'a clock that jumps by days changes nothing',
    jumped.code === 0 ? (isSame ? 'the same bytes' : 'other bytes') : jumped.errors,
    isSame,
  );

  for (const [what, options] of [
    ['files of at most 64 KiB (a full disk)', { limits: 'ulimit -f 64' }],
    ['no more open files than there are', { handles: true }],
    ['a place that cannot be written', { out: '/proc/no-such-place/model' }],
  ])
    report(
      `${what}: one sentence, nothing half-written, and resumed with the same bytes`,
      ...(await starved({ own, args, wanted, what, ...options })),
    );
  report(
    'memory for a small part of the run: nothing half-written, and resumed with the same bytes',
    ...(await starved({ own, args, wanted, what: 'memory', nodeArgs: ['--max-old-space-size=16'], mayAbort: true })),
  );
}

/** Preloaded: what the clock says jumps forth and back by up to two days. */
const CLOCK = `
const now = Date.now.bind(Date);
let calls = 0;
Date.now = () => now() + ((calls++ * 7919) % 5 - 2) * 86_400_000;
`;

/** What must be the same: weights and floor, and the losses of all epochs. */
function resultOf(out) {
  const { epochs } = JSON.parse(readFileSync(join(out, 'training.json'), 'utf8'));
  return [
    readFileSync(join(out, 'model.safetensors')),
    readFileSync(join(out, 'floor.safetensors')),
    Buffer.from(JSON.stringify(epochs.map(({ stage, epoch, loss }) => [stage, epoch, loss]))),
  ];
}
const same = (a, b) => a.every((bytes, i) => Buffer.compare(bytes, b[i]) === 0);

/** What stands beside `out` and is neither it nor its checkpoint. */
const leftBeside = (out) =>
  readdirSync(dirname(out)).filter(
    (name) => name.startsWith(`${basename(out)}.`) || name.startsWith(`.${basename(out)}`),
  );

function run(args, { nodeArgs = [], limits = null } = {}) {
  const command = [process.execPath, ...nodeArgs, MAIN, ...args];
  const child =
    limits === null
      ? spawn(command[0], command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] })
      : spawn('bash', ['-c', `${limits}; exec "$@"`, 'bash', ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors = (errors + text).slice(-4000);
  });
  const ended = new Promise((done) => child.on('close', (code, signal) => done({ code, signal, errors })));
  return { child, ended };
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Whether the run was killed behind its end: its folder is in its place, and there is nothing to resume. */
const isFinished = (out) => existsSync(out) && !existsSync(`${out}.checkpoint.safetensors`);

async function killed({ own, args, wanted, kills, wait }) {
  let [done, runs, behind] = [0, 0, 0];
  while (done < kills) {
    const name = `killed-${runs++}`;
    const out = join(own, name);
    for (let sitting = 0; ; sitting++) {
      if (sitting > 200) return [`it gets no further after ${sitting} kills`, false];
      const { child, ended } = run([...args(name), ...(sitting > 0 ? ['--resume'] : [])]);
      // a timer that is left over keeps the suite from ending
      await (done < kills ? Promise.race([ended, pause(wait())]) : ended);
      child.kill('SIGKILL');
      const { code, errors } = await ended;
      if (code !== null && code !== 0) return [`kill ${done} of run ${runs}: ${errors}`, false];
      if (existsSync(out)) await readModelFolder(out); // whatever is there is whole
      if (code === 0) break;
      done++;
      if (!isFinished(out)) continue;
      behind++;
      const again = await run([...args(name), '--resume']).ended;
      if (again.code !== 2 || !/either the run is finished/.test(again.errors))
        return [`killed behind its end and resumed: ${again.code} ${again.errors}`, false];
      break;
    }
    if (!same(resultOf(out), wanted)) return [`run ${runs} ended with other bytes`, false];
    const left = leftBeside(out);
    if (left.length > 0) return [`run ${runs} left ${left.join(', ')}`, false];
    rmSync(out, { recursive: true });
  }
  return [`${done} kills in ${runs} trainings, ${behind} of them with the model in its place already`, true];
}

/** Killed as soon as something that is no checkpoint stands beside the place of the folder. */
async function killedInTheEnd({ own, args, wanted, times }) {
  let within = 0;
  for (let n = 0; n < times; n++) {
    const name = `end-${n}`;
    const out = join(own, name);
    const { child, ended } = run(args(name));
    const isWriting = () =>
      readdirSync(own).some(
        (one) => one !== name && one.includes(name) && !one.includes('checkpoint') && !one.endsWith('.lock'),
      );
    while (child.exitCode === null && !isWriting()) await pause(1);
    child.kill('SIGKILL');
    const { code } = await ended;
    if (code === null && !existsSync(out)) within++;
    if (existsSync(out)) await readModelFolder(out);
    const { code: after, errors } = code === 0 ? { code: 0 } : await run([...args(name), '--resume']).ended;
    // one that was killed behind its end has nothing to resume, and says so
    if (after !== 0 && !existsSync(out)) return [errors, false];
    if (!same(resultOf(out), wanted)) return [`run ${n} ended with other bytes`, false];
  }
  return [`${times} kills, ${within} of them with the folder not yet in its place`, true];
}

/** Once there is a checkpoint the process may open no file more: from its start on, Node itself could not read its modules. */
async function withoutHandles(child, checkpoint) {
  while (child.exitCode === null && !existsSync(checkpoint)) await pause(5);
  const open = readdirSync(`/proc/${child.pid}/fd`).length;
  execFileSync('prlimit', ['--pid', String(child.pid), `--nofile=${open}:${open}`]);
}

async function starved({ own, args, wanted, what, out: place, limits, handles = false, nodeArgs, mayAbort = false }) {
  const name = `starved-${what.replaceAll(/\W+/g, '-')}`;
  const given = args(name);
  if (place) given[given.indexOf('--out') + 1] = place;
  const begun = run(given, { limits, nodeArgs });
  if (handles) await withoutHandles(begun.child, `${join(own, name)}.checkpoint.safetensors`);
  const { code, signal, errors } = await begun.ended;
  const lines = errors.trimEnd().split('\n');
  const sentence = lines.at(-1) ?? '';
  const isSentence =
    /^(magic-pyramid: |error: )?.{20,600}$/.test(sentence) && !/^\s+at |MP_INTERNAL|node:internal/m.test(errors);
  if (code === 0 && !place) return ['it was not starved: the limit is too wide to say anything', false];
  if (!mayAbort && !(code !== null && isSentence)) return [`${signal ?? code}: ${errors.slice(-600)}`, false];
  const out = join(own, name);
  if (existsSync(out)) await readModelFolder(out);
  if (place) return [sentence, true];
  const hasCheckpoint = existsSync(`${out}.checkpoint.safetensors`);
  const again = await run([...args(name), ...(hasCheckpoint ? ['--resume'] : [])]).ended;
  if (again.code !== 0) return [`afterwards: ${again.errors.slice(-600)}`, false];
  const left = leftBeside(out);
  if (left.length > 0) return [`left ${left.join(', ')}`, false];
  const end = mayAbort ? `ended by ${signal ?? code}` : sentence;
  return same(resultOf(out), wanted) ? [end, true] : [`${end}; then other bytes`, false];
}
