/** What takes part in a measurement: ours or a peer's, one setting of it. */
import type { TextInput } from '../engine/index.ts';
import type { Dtype } from '../pyramid/folder/model-folder.ts';

export interface System {
  readonly name: string;
  readonly dtype: Dtype;
  /** Null: exits off, or there are none. */
  readonly tau: number | null;
  /** All texts once, handed over together; tokenising counts. */
  pass(): Promise<Pass>;
  /** Milliseconds of one text alone. */
  single(index: number): Promise<number>;
  close(): Promise<void>;
}

export interface Pass {
  readonly seconds: number;
  /** The number of each text's label among the model's; −1: one that the model does not have. */
  readonly labels: readonly number[];
  /** Of models that give sets of labels, or numbers, what each text is given; left out by peers. */
  readonly targets?: {
    readonly kind: 'sets' | 'numbers';
    /** [C] of 0 and 1, or [1]. */
    readonly rows: readonly (readonly number[])[];
  };
  /** 10⁹ operations a text, as computed; null where that is not known. */
  readonly gflops: number | null;
}

/** What all systems are given. */
export interface Setting {
  readonly texts: readonly TextInput[];
  readonly labels: readonly string[];
  /** Longest text in tokens. */
  readonly maxLength: number;
  /** The dense model, as others read it. */
  readonly dense: string;
  /** That a system which runs all texts in one place computes with. */
  readonly threads: number;
  /** The Python interpreter. */
  readonly python: string;
}

export interface Opened {
  readonly system: System;
  /** Names and versions of what it runs on. */
  readonly versions: Readonly<Record<string, string>>;
}

/** A peer that is not on this machine. */
export interface Missing {
  readonly missing: string;
  /** What to do about it. */
  readonly todo: string;
}

/** Text and pair of an input. */
export const textOf = (input: TextInput): { readonly text: string; readonly pair?: string } =>
  typeof input === 'string' ? { text: input } : { text: input.text, pair: input.pair ?? undefined };

/** Milliseconds that `work` takes, and what it gives. */
export async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const begin = performance.now();
  const value = await work();
  return { ms: performance.now() - begin, value };
}
