/**
 * Texts without labels beside the training rows, for the heads stage: it distils the finished network, which needs no labels.
 * Knows nothing of where they come from.
 */
import type { EncodedSet } from '../batch.ts';
import type { HeadInputs } from '../trace/tracer.ts';

export interface MoreTexts {
  /** With NO_LABEL for each; `encodings` is empty where `inputs` is there, which stand for them. */
  readonly set: EncodedSet;
  /** Of exits that read features: what one pass of the network gave; null: they read tokens. */
  readonly inputs: HeadInputs | null;
}

/** Rows, then texts. */
export const withMore = (rows: EncodedSet, { set }: MoreTexts): EncodedSet => ({
  encodings: [...rows.encodings, ...set.encodings],
  labels: [...rows.labels, ...set.labels],
  ...(rows.targets && { targets: rows.targets }), // those of the rows, which come first
  lengths: Int32Array.from([...rows.lengths, ...set.lengths]),
  truncated: rows.truncated + set.truncated,
});

/** The same of what the heads read. */
export const withMoreInputs = (rows: HeadInputs, { inputs }: MoreTexts): HeadInputs =>
  inputs === null
    ? rows
    : {
        tokens: [...rows.tokens, ...inputs.tokens],
        features: rows.features.map((values, i) => joined(values, inputs.features[i])),
        featureSize: rows.featureSize,
        teacher: joined(rows.teacher, inputs.teacher),
      };

function joined(a: Float32Array, b: Float32Array): Float32Array {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
