/**
 * Lets a process end while workers compute. Node ends its worker threads on `process.exit` (and after an uncaught
 * exception), and onnxruntime-node's binding aborts the whole process when that happens in the midst of a call. So at
 * exit the main thread shuts a gate before each worker and waits until no worker is inside a call. A worker that is ended
 * before its time is ended the same way.
 */

const INSIDE = 0; // calls that a worker is in
const SHUT = 1;
/** A worker is behind its gate for one batch, or for compiling one piece. */
const PATIENCE_MS = 5000;

export const newGate = (): Int32Array => new Int32Array(new SharedArrayBuffer(8));

/** In the worker: does `work` behind the gate; never returns if the gate is shut. */
export async function throughGate<T>(gate: Int32Array, work: () => Promise<T>): Promise<T> {
  Atomics.add(gate, INSIDE, 1);
  if (Atomics.load(gate, SHUT) === 1) {
    leave(gate);
    Atomics.wait(gate, SHUT, 1); // until the thread is ended
  }
  try {
    return await work();
  } finally {
    leave(gate);
  }
}

function leave(gate: Int32Array): void {
  Atomics.sub(gate, INSIDE, 1);
  Atomics.notify(gate, INSIDE);
}

const gates = new Set<Int32Array>();

function shutAll(): void {
  for (const gate of gates) Atomics.store(gate, SHUT, 1);
  const end = Date.now() + PATIENCE_MS;
  for (const gate of gates) {
    for (let inside = Atomics.load(gate, INSIDE); inside > 0; inside = Atomics.load(gate, INSIDE)) {
      if (Atomics.wait(gate, INSIDE, inside, end - Date.now()) === 'timed-out') return;
    }
  }
}

/** Milliseconds between two looks at a gate that is being shut. */
const LOOK_MS = 10;

/** In the main thread: whether the worker is in a call. */
export const isBehind = (gate: Int32Array): boolean => Atomics.load(gate, INSIDE) > 0;

/** In the main thread: shuts the gate; resolves when the worker may be ended, which is after the call that it is in. */
export async function shut(gate: Int32Array): Promise<void> {
  Atomics.store(gate, SHUT, 1);
  while (isBehind(gate)) await new Promise<void>((resolve) => setTimeout(resolve, LOOK_MS).unref());
}

/** In the main thread: watches over a worker's gate until the function that it gives is called. */
export function watchGate(gate: Int32Array): () => void {
  if (gates.size === 0) process.on('exit', shutAll);
  gates.add(gate);
  return () => {
    gates.delete(gate);
    if (gates.size === 0) process.off('exit', shutAll);
  };
}
