/** The tiny classifier of each family that scripts/make-family-golden.py gave to transformers: its files and its texts. */
import { readFileSync } from 'node:fs';
import type { StoredTensor } from '../../src/encoder/index.ts';
import { draws } from './draws.ts';

export interface Golden {
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: readonly (readonly [name: string, shape: readonly number[]])[];
  readonly texts: readonly { readonly ids: number[]; readonly types: number[] }[];
  readonly logits: readonly (readonly number[])[];
}

export const goldens: Readonly<Record<string, Golden>> = JSON.parse(
  readFileSync('test/golden/families-golden.json', 'utf8'),
);

/** By the names that its checkpoints have. */
export function tinyTensors({ tensors }: Golden): Map<string, StoredTensor> {
  const next = draws(7);
  return new Map(
    tensors.map(([own, shape]) => {
      const base = /norm\.weight$/i.test(own) ? 1 : 0;
      return [own, { shape, data: next(shape.reduce((a, b) => a * b, 1)).map((value) => base + value) }];
    }),
  );
}
