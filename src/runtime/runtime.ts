/**
 * What running a graph looks like to those who do it (training, the engine): a program takes tensors by name and gives
 * tensors by name. What it runs on is a row of devices.ts; node.ts and web.ts make the sessions. Knows graphs, nothing of BERT.
 */
import type { DType, Graph } from '../graph/index.ts';
import type { DeviceName } from './devices.ts';

export interface Tensor {
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** float32: Float32Array; int64: BigInt64Array; int32: Int32Array; int8: Int8Array; uint8 and bool: Uint8Array. */
  readonly data: Float32Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;
}

export type Tensors = Readonly<Record<string, Tensor>>;

export interface Program {
  /**
   * Runs once. Every input of the graph must be there. Blocks the calling thread for as long as it takes.
   * `into` names outputs that are to be written into memory of the caller's, of exactly the right shape.
   */
  run(inputs: Tensors, into?: Tensors): Promise<Record<string, Tensor>>;
  close(): Promise<void>;
}

export interface RuntimeOptions {
  /** Threads of one program, the calling one included. */
  readonly threads: number;
  /**
   * Other programs of the process run at the same time: threads that wait for work within a run sleep. Else they wait
   * busily for a moment first, which makes a training step on two threads 2 % faster.
   */
  readonly crowded?: boolean;
}

export type Compile = (graph: Graph, name: string) => Promise<Program>;

/** A device of this process. Whoever is given one compiles graphs on it and need not know which it is. */
export interface Device {
  readonly name: DeviceName;
  /** Why it is not the one that was expected, in one sentence; null: it is. */
  readonly note: string | null;
  /** Makes a program of a graph. Shapes may vary from run to run. */
  compile(graph: Graph, name: string, options: RuntimeOptions): Promise<Program>;
}

/** The device's `compile` for programs of so many threads. */
export const compileOn =
  (device: Device, options: RuntimeOptions): Compile =>
  (graph, name) =>
    device.compile(graph, name, options);

export const float32 = (data: Float32Array, ...dims: readonly number[]): Tensor => ({ dtype: 'float32', dims, data });
export const int64 = (data: BigInt64Array, ...dims: readonly number[]): Tensor => ({ dtype: 'int64', dims, data });
export const uint8 = (data: Uint8Array, ...dims: readonly number[]): Tensor => ({ dtype: 'uint8', dims, data });
/** Whole numbers as int64, which ONNX wants for indices. */
export const integers = (values: ArrayLike<number>, ...dims: readonly number[]): Tensor => {
  const data = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i]);
  return int64(data, ...(dims.length > 0 ? dims : [values.length]));
};
/** The data of a float32 output. */
export const floats = (tensor: Tensor): Float32Array => {
  if (!(tensor.data instanceof Float32Array)) throw new Error(`internal: expected float32, got ${tensor.dtype}`);
  return tensor.data;
};
export const int32s = (tensor: Tensor): Int32Array => {
  if (!(tensor.data instanceof Int32Array)) throw new Error(`internal: expected int32, got ${tensor.dtype}`);
  return tensor.data;
};
export const bigints = (tensor: Tensor): BigInt64Array => {
  if (!(tensor.data instanceof BigInt64Array)) throw new Error(`internal: expected int64, got ${tensor.dtype}`);
  return tensor.data;
};
