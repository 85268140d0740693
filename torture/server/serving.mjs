// A server of the built command line as a process of its own, with what it says of itself: its log, which is searched for words
// that must not be in it, its memory and open files, how long its event loop was held, and its worker threads, one of which can
// be ended from outside.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAIN } from '../good-inputs.mjs';

/** In a text of a request. Found again in a log or an error body, it has leaked. */
export const MARK = 'zqxjkvb-of-a-text';
/** That the server wants of its clients, and one that it does not know. */
export const KEY = 'kq7-of-the-torture-suite';
export const WRONG_KEY = 'wx9-of-the-torture-suite';

/** Preloaded: says each second how long the event loop was held at most, and ends a worker thread when it is signalled. */
const WATCH = `
import { monitorEventLoopDelay } from 'node:perf_hooks';
const say = (line) => process.stderr.write(line + '\\n');
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
setInterval(() => { say('held ' + (delay.max / 1e6).toFixed(1)); delay.reset(); }, 1000).unref();
const workers = new Set();
process.on('worker', (worker) => { workers.add(worker); worker.once('exit', () => workers.delete(worker)); });
process.on('SIGUSR2', () => { const [first] = workers; if (first) void first.terminate().then(() => say('ended a worker')); });
`;

/** `dir`: for the files that it needs. `hasKeys`: requests need KEY. */
export async function start(model, { dir, hasKeys = false }) {
  const watch = join(dir, 'watch.mjs');
  writeFileSync(watch, WATCH);
  const keys = join(dir, 'keys');
  writeFileSync(keys, `${KEY}\n`);
  const flags = ['--port', '0', '--no-page', '--workers', '1', '--log-level', 'debug'];
  const child = spawn(
    process.execPath,
    [
      '--import',
      watch,
      MAIN,
      'serve',
      '--model',
      `mails=${model}`,
      ...flags,
      ...(hasKeys ? ['--api-key-file', keys] : []),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const server = { child, held: [], workersEnded: 0, characters: 0, leaks: [], hasFatal: false, last: '' };
  server.ended = new Promise((done) => child.on('exit', (code, signal) => done(code ?? signal)));
  const take = (text) => {
    server.characters += text.length;
    const joined = server.last + text;
    for (const [what, word] of Object.entries({ 'a text': MARK, 'a key': KEY, 'a wrong key': WRONG_KEY }))
      if (joined.includes(word) && !server.leaks.includes(what)) server.leaks.push(what);
    if (joined.includes('"level":60')) server.hasFatal = true;
    server.last = joined.slice(-4000);
  };
  server.port = await new Promise((done, fail) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      take(text);
      const found = /127\.0\.0\.1:(\d+)/.exec(server.last);
      if (found) done(Number(found[1]));
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      for (const line of text.split('\n')) {
        if (line.startsWith('held ')) server.held.push(Number(line.slice(5)));
        else if (line === 'ended a worker') server.workersEnded++;
        else if (line !== '') take(`${line}\n`);
      }
    });
    void server.ended.then((code) => fail(new Error(`the server ended with ${code}: ${server.last.slice(-2000)}`)));
  });
  return server;
}

/** Memory of the process in MiB, and its open files. */
export function footprint(pid) {
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  return { rss, files: readdirSync(`/proc/${pid}/fd`).length };
}
