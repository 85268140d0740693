/** The thread that trains floor 0, for floor-thread.ts: one job, its events, its result. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FloorEvent } from './floor-event.ts';
import { type FloorJob, type TrainedFloor, trainFloor } from './train-floor.ts';

export type FromFloorWorker = FloorEvent | { readonly kind: 'done'; readonly trained: TrainedFloor };

const say = (message: FromFloorWorker) => parentPort!.postMessage(message);
say({ kind: 'done', trained: trainFloor(workerData as FloorJob, say) });
