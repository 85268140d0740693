/** The reference values that PyTorch computed, and how closely ours must follow them. */
import { existsSync } from 'node:fs';
import { expect } from 'vitest';
import { readSafetensors, type StoredTensor } from '../../src/encoder/index.ts';

export const GOLDEN = '../shared/golden';
export const hasGolden = existsSync(GOLDEN);

export class Golden {
  readonly #tensors: Map<string, StoredTensor>;
  readonly #seen = new Set<string>();

  constructor(tensors: Map<string, StoredTensor>) {
    this.#tensors = tensors;
  }

  static async read(file: string): Promise<Golden> {
    return new Golden(await readSafetensors(`${GOLDEN}/${file}`, { integers: true }));
  }

  get names(): string[] {
    return [...this.#tensors.keys()];
  }

  /** Those of `names` that `get` was never asked for: a test that means to read the file whole holds this empty. */
  unseen(filter: (name: string) => boolean = () => true): string[] {
    return this.names.filter((name) => filter(name) && !this.#seen.has(name));
  }

  get(name: string): StoredTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw new Error(`no golden value ${name}`);
    this.#seen.add(name);
    return tensor;
  }
}

/** Largest absolute difference; the lengths must agree. */
export function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    if (!(difference <= worst)) worst = difference; // NaN counts as the worst
  }
  return worst;
}

/** Largest absolute value. */
export const largest = (values: ArrayLike<number>): number => {
  let most = 0;
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i]) <= most)) most = Math.abs(values[i]);
  return most;
};

/** Largest absolute difference relative to the expected tensor's largest value. */
export const relativeDistance = (actual: ArrayLike<number>, expected: ArrayLike<number>): number =>
  distance(actual, expected) / (largest(expected) || 1);
