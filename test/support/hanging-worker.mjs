/**
 * The engine's worker, as built, whose thread hangs for ever on each text with the word "hang" when it is about to be cut
 * into tokens: what an exploding rule of a tokenizer.json does. On a model folder whose name ends in "-hangs" it hangs
 * while it loads.
 */
import { parentPort, workerData } from 'node:worker_threads';

const forEver = () => {
  for (;;);
};
const hanging = new Set();
parentPort.on('message', (message) => {
  if (message?.kind !== 'texts') return;
  for (const { id, text } of message.texts) if (text.includes('hang')) hanging.add(id);
});
// the worker says which text it turns to just before it does
const { store } = Atomics;
Atomics.store = (array, index, value) => {
  store(array, index, value);
  if (hanging.has(value)) forEver();
};
if (workerData.dir.endsWith('-hangs')) forEver();
await import('../../dist/engine/workers/worker.js');
