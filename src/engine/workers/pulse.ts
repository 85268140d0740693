/**
 * What a worker shows of itself in shared memory, since it can say nothing while it computes: that it has gone a step
 * further, and which text it reads. Without it a worker that hangs looks like one that is busy.
 */

const STEPS = 0;
const TEXT = 1;

export const newPulse = (): Int32Array => new Int32Array(new SharedArrayBuffer(8));

/** In the worker: it has done a step, and reads the text of that id, or none. */
export function beat(pulse: Int32Array, textId: number | null = null): void {
  Atomics.store(pulse, TEXT, textId === null ? 0 : textId | 0);
  Atomics.add(pulse, STEPS, 1);
}

/** Changes with each step. */
export const stepsOf = (pulse: Int32Array): number => Atomics.load(pulse, STEPS);

/** The lower 32 bits of the id of the text that it reads now; 0: it reads none. */
export const readingOf = (pulse: Int32Array): number => Atomics.load(pulse, TEXT);
