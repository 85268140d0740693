/** A worker thread of Node for the crew, and the gate that lets the process end while it computes. */
import { Worker } from 'node:worker_threads';
import type { Thread, ThreadEvents } from './crew.ts';
import { newGate, watchGate } from './exit-gate.ts';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';

// under vitest this file is TypeScript, which a worker of Node 20 cannot run: the built one does the same
const workerFile = import.meta.url.endsWith('.ts') ? '../../dist/engine/worker.js' : './worker.js';

export class NodeThread implements Thread {
  readonly worker: Worker;

  constructor(start: Omit<WorkerStart, 'gate'>, { said, ended }: ThreadEvents) {
    const gate = newGate();
    const unwatch = watchGate(gate);
    this.worker = new Worker(new URL(workerFile, import.meta.url), {
      workerData: { ...start, gate } satisfies WorkerStart,
      execArgv: [], // flags of the main program (`--input-type`) may keep a file from running
    });
    let reason: unknown = null;
    this.worker.on('message', (message: FromWorker) => said(message));
    this.worker.on('error', (error) => {
      reason = error;
    });
    this.worker.on('exit', () => {
      unwatch();
      ended(reason);
    });
  }

  post(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  hold(keeps: boolean): void {
    if (keeps) this.worker.ref();
    else this.worker.unref();
  }
}
