/** The entry of a worker thread of Node: the model is on the disk, and each run passes the gate. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { diskFolder } from '../disk-folder.ts';
import { compile } from '../runtime/node.ts';
import type { Compile } from '../runtime/runtime.ts';
import { throughGate } from './exit-gate.ts';
import type { WorkerStart } from './messages.ts';
import { loadModel, serveTexts } from './serve-texts.ts';
import { tryOut } from './try-out.ts';

if (isMainThread || !parentPort) throw new Error('internal: the engine worker was not started as a worker');
const port = parentPort;
const { dir, threads, dtype, askAll, order, gate } = workerData as WorkerStart;

const compileHere: Compile = async (graph, name) => {
  const program = await throughGate(gate, () => compile(graph, name, { threads, crowded: true }));
  return {
    run: (inputs) => throughGate(gate, () => program.run(inputs)),
    close: () => throughGate(gate, () => program.close()),
  };
};

await serveTexts(
  {
    post: (message) => port.postMessage(message),
    listen: (take) => port.on('message', take),
    close: () => port.close(),
  },
  async () => tryOut(await loadModel(diskFolder(dir), dtype, compileHere, askAll), dir),
  order,
);
