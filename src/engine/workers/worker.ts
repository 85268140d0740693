/**
 * The entry of a worker thread of Node: the model is on the disk, and each run passes the gate and shows that the thread
 * lives.
 */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { diskFolder } from '../../disk-folder.ts';
import { devices } from '../../runtime/devices.ts';
import { type Compile, compileOn, type Device } from '../../runtime/runtime.ts';
import { systemLimit } from '../../system-limit.ts';
import { tryOut } from '../try-out.ts';
import { gatedCompile } from './gated-compile.ts';
import type { DeviceUsed, WorkerStart } from './messages.ts';
import { beat } from './pulse.ts';
import { loadModel, serveTexts } from './serve-texts.ts';

if (isMainThread || !parentPort) throw new Error('internal: the engine worker was not started as a worker');
const port = parentPort;
const { dir, device, threads, dtype, askAll, order, gate, pulse } = workerData as WorkerStart;

let opened: Device | null = null;
/** ONNX Runtime is loaded where there is something to compile: floor 0 alone needs none. */
const compilerOf = async (): Promise<Compile> => {
  const { nodeDevice } = await import('../../runtime/node.ts');
  opened = nodeDevice(device);
  return compileOn(opened, { threads, crowded: true });
};
/** What the model was compiled on; null: floor 0 alone, on nothing. */
const deviceOf = (): DeviceUsed | null => opened && { name: opened.name, note: opened.note };
const compileHere = gatedCompile(compilerOf, gate, pulse);

/** Files are read in steps that are no run: while the model is loaded, the thread's own turns are what shows that it lives. */
const TURN_MS = 250;
const loading = setInterval(() => beat(pulse), TURN_MS);

/** Deno's port to the parent cannot be closed: what it has said is on its way, so the thread may end at once. */
function endThread(): void {
  if (typeof port.close === 'function') port.close();
  else process.exit();
}

await serveTexts(
  {
    post: (message) => port.postMessage(message),
    reads: (textId) => beat(pulse, textId),
    listen: (take) => port.on('message', take),
    close: endThread,
  },
  () =>
    loadModel(diskFolder(dir), dtype, { spec: devices[device ?? 'cpu'], compile: compileHere }, askAll)
      .then((loaded) => tryOut(loaded, dir))
      .then((loaded) => {
        loaded.programs.letGoOfWeights();
        return { ...loaded, device: deviceOf() };
      })
      .catch((error) => {
        throw systemLimit(error) ?? error; // ours goes to the parent with its code
      })
      .finally(() => clearInterval(loading)),
  order,
);
