/** A helper of optimiser-crew.ts: measures the gradients it is given, then updates the weights and gives all back. */
import { parentPort } from 'node:worker_threads';
import { adamwUpdate, sumOfSquares } from './adamw.ts';
import type { TensorMemory } from './optimiser.ts';
import { buffersOf, type FromHelper, type ToHelper } from './optimiser-crew.ts';

let held: readonly TensorMemory[] = [];
const say = (message: FromHelper, moved: ArrayBuffer[] = []) => parentPort!.postMessage(message, moved);

parentPort!.on('message', (message: ToHelper) => {
  if (message.kind === 'share') {
    held = message.tensors;
    say({ kind: 'squares', squares: held.reduce((sum, { gradient }) => sum + sumOfSquares(gradient), 0) });
    return;
  }
  message.factors?.forEach((factors, i) => {
    const { weights, gradient, m, v } = held[i];
    adamwUpdate(weights, { m, v }, 0, weights.length, gradient, factors);
  });
  say({ kind: 'back', tensors: held }, buffersOf(held));
  held = [];
});
