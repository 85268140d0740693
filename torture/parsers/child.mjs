// Reads mutated inputs one after another in a process of its own, and tells its parent before each: a crash, a hang or a full
// memory is then the last one that was told. An answer is right, or an error of the catalogue; all else is a fault.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { randomStream } from '../../dist/random.js';
import { mutate } from './mutate.mjs';
import { targets } from './targets.mjs';

const { dir, seed, name, text, from, to, place } = JSON.parse(process.argv[2]);
const own = join(dir, place);
mkdirSync(own, { recursive: true });
const target = (await targets(dir, seed)).find((one) => one.name === name);
target.before?.(own);
const tell = (message) => process.send(message);
let [answered, refused] = [0, 0];
await target.read(target.seeds[0], own); // a good input is read, or nothing is tried out
const codes = {};
tell({ kind: 'ready' });
for (let i = from; i < to; i++) {
  const random = randomStream(seed, name, i);
  const good = target.seeds[random.integer(target.seeds.length)];
  const input = text === undefined ? mutate(random, good, target.seeds) : Buffer.from(text);
  tell({ kind: 'begin', i });
  const begin = performance.now();
  try {
    await target.read(input, own);
    answered++;
  } catch (error) {
    if (typeof error?.code === 'string' && /^MP_/.test(error.code) && error.code !== 'MP_INTERNAL') {
      refused++;
      codes[error.code] = (codes[error.code] ?? 0) + 1;
      const sentence = error.message;
      if (typeof sentence !== 'string' || sentence.length < 10 || sentence.length > 2000)
        tell({ kind: 'fault', i, what: `the error is no sentence: ${String(sentence).slice(0, 200)}` });
    } else tell({ kind: 'fault', i, what: error?.stack ?? String(error) });
  }
  const ms = performance.now() - begin;
  if (ms > 2000) tell({ kind: 'slow', i, ms });
}
if ({}.a !== undefined || {}.x !== undefined) tell({ kind: 'fault', i: to - 1, what: 'the prototype was changed' });
tell({ kind: 'end', answered, refused, codes, maxRss: process.resourceUsage().maxRSS * 1024 });
process.disconnect();
