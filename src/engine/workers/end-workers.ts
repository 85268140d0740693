/** Ends the workers of a pool that closes. */
import type { PoolWorker } from './pool-worker.ts';
import type { Thread } from './thread.ts';
import { within } from './within.ts';

/** How long those that are being ended are waited for. */
const END_MS = 2000;

/** After their running batch, or once `hurried` resolves at once. Keeps the process alive until then. */
export async function endWorkers<T extends Thread>(
  workers: readonly PoolWorker<T>[],
  hurried: Promise<void>,
): Promise<void> {
  const ended = Promise.all(workers.map((worker) => worker.ended));
  for (const { thread, ready } of workers) {
    thread.setRef(true);
    if (ready) thread.post({ kind: 'close' });
    else thread.end();
  }
  await Promise.race([ended, hurried]);
  for (const { thread } of workers) thread.end();
  await within(ended, END_MS, () => []);
  // one that is still in a call of ONNX Runtime's ends with it, or with the process
  for (const { thread } of workers) thread.setRef(false);
}
