/** A worker thread of Node for the worker pool, and the gate that lets the process end while it computes. */
import type { Worker } from 'node:worker_threads';
import { startThread } from '../../start-thread.ts';
import { isBehind, newGate, shut, watchGate } from './exit-gate.ts';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';
import { newPulse, readingOf, stepsOf } from './pulse.ts';
import type { Thread, ThreadEvents } from './thread.ts';

// under vitest this file is TypeScript, which a worker of Node 20 cannot run: the built one does the same
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/engine/workers/worker.js' : './worker.js',
  import.meta.url,
);

export class NodeThread implements Thread {
  readonly worker: Worker;
  readonly #gate = newGate();
  readonly #pulse = newPulse();

  /** Throws MP_SYSTEM_LIMIT. */
  constructor(start: Omit<WorkerStart, 'gate' | 'pulse'>, { onMessage, onEnd }: ThreadEvents, file: URL = workerFile) {
    const workerData: WorkerStart = { ...start, gate: this.#gate, pulse: this.#pulse };
    let reason: unknown = null;
    this.worker = startThread(file, { workerData }, (error) => {
      reason = error;
    });
    const unwatch = watchGate(this.#gate);
    this.worker.on('message', (message: FromWorker) => onMessage(message));
    this.worker.on('exit', () => {
      unwatch();
      onEnd(reason);
    });
  }

  post(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  setRef(keepsAlive: boolean): void {
    if (keepsAlive) this.worker.ref();
    else this.worker.unref();
  }

  get steps(): number {
    return stepsOf(this.#pulse);
  }

  get isComputing(): boolean {
    return isBehind(this.#gate);
  }

  get reading(): number {
    return readingOf(this.#pulse);
  }

  end(): void {
    void shut(this.#gate).then(() => this.worker.terminate());
  }
}
