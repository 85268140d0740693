/** Floor 0 trained in a thread of its own, so that the caller's stays free for progress, signals and requests. */
import { startThread } from '../../start-thread.ts';
import type { OnFloorEvent } from './floor-event.ts';
import type { FromFloorWorker } from './floor-worker.ts';
import type { FloorJob, TrainedFloor } from './train-floor.ts';

// under vitest this file is TypeScript, which a worker of Node 20 cannot run: the built one does the same
const workerFile = import.meta.url.endsWith('.ts') ? '../../../dist/train/linear/floor-worker.js' : './floor-worker.js';

export interface FloorThreadOptions {
  readonly onEvent?: OnFloorEvent;
  /** Aborted, the thread is ended at once; nothing of its work is kept. */
  readonly signal?: AbortSignal;
}

/**
 * As `trainFloor`, with the same result. The job's arrays are copied to the thread, unless they lie in shared memory.
 * Rejects with the signal's reason if that is aborted, and with MP_SYSTEM_LIMIT where no thread can be started.
 */
export function trainFloorInThread(job: FloorJob, { onEvent, signal }: FloorThreadOptions = {}): Promise<TrainedFloor> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const worker = startThread(new URL(workerFile, import.meta.url), { workerData: job }, reject);
    const abort = () => {
      reject(signal!.reason);
      void worker.terminate();
    };
    signal?.addEventListener('abort', abort, { once: true });
    worker.on('message', (said: FromFloorWorker) => {
      if (said.kind === 'done') resolve(said.trained);
      else onEvent?.(said);
    });
    worker.on('exit', (code) => {
      signal?.removeEventListener('abort', abort);
      reject(new Error(`internal: the thread that trains floor 0 ended with ${code} before it was done`));
    });
  });
}
