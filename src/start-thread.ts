/**
 * Starts a worker thread of Node. That the system does not let it start shows in two ways, at once or as an event; both are
 * MP_SYSTEM_LIMIT here. Knows nothing of what the thread does.
 */
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { systemLimit } from './system-limit.ts';

/** Throws MP_SYSTEM_LIMIT. `onError`: told of what the thread dies of, MP_SYSTEM_LIMIT among it. */
export function startThread(
  file: URL,
  options: Omit<WorkerOptions, 'execArgv'>,
  onError: (error: unknown) => void,
): Worker {
  let worker: Worker;
  try {
    // flags of the main program (`--input-type`) may keep a file from running
    worker = new Worker(file, { ...options, execArgv: [] });
  } catch (error) {
    throw limited(error);
  }
  return worker.on('error', (error) => onError(limited(error)));
}

/** A thread that has begun may find its own files closed to it. */
const limited = (error: unknown) => systemLimit(error, 'a worker thread cannot be started') ?? error;
