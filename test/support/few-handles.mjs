/**
 * Preloaded into a process that may open few files (`ulimit -n`): takes all handles but HANDLES_LEFT. When it does: as soon as a
 * worker thread is to be started where HANDLES_AT is "thread"; else when told by SIGUSR2, which ends all worker threads too (by a
 * message that is none). The next SIGUSR2 gives the handles back. A script may do the same by itself.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

const held = [];
const workers = new Set();
const { openSync, closeSync } = fs;

export function take(left = Number(process.env.HANDLES_LEFT ?? 0)) {
  try {
    for (;;) held.push(openSync('/dev/null'));
  } catch {}
  for (const one of held.splice(0, left)) closeSync(one);
}

export function giveBack() {
  for (const one of held.splice(0)) closeSync(one);
}

export function crash(count = workers.size) {
  for (const worker of [...workers].slice(0, count)) worker.postMessage(null);
}

const { Worker } = threads;
threads.Worker = class extends Worker {
  constructor(...given) {
    if (process.env.HANDLES_AT === 'thread' && held.length === 0) take();
    super(...given);
    workers.add(this);
    this.on('exit', () => workers.delete(this));
  }
};
syncBuiltinESMExports();

process.on('SIGUSR2', () => {
  if (held.length > 0) return giveBack();
  take();
  crash();
});
