/** How many threads a training program uses when nobody says. */
import { availableParallelism } from 'node:os';

/** All cores, but no more than ONNX Runtime makes use of at these sizes. */
export const defaultThreads = (): number => Math.min(availableParallelism(), 16);
