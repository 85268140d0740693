/**
 * What floor 0's logits are made of, exactly: weight times value of each n-gram for each label, with the tokens it stands
 * at. For explaining, so it may allocate. Knows nothing of how it is shown.
 */
import type { FeatureReader } from './feature-reader.ts';
import { type FloorParts, outputsFor, sharesVector } from './floor-info.ts';
import { OVERLAP_FIGURES, type OverlapFigure } from './overlap.ts';
import type { SeenBuckets } from './seen-buckets.ts';
import { tfWeights } from './tf-weights.ts';

export interface Contribution {
  /** [C], added to z_0. */
  readonly logits: Float64Array;
  /** Where the n-gram stands: tokens `from` up to and without `to`, of the ids that were given. Empty for a figure. */
  readonly spans: readonly { readonly from: number; readonly to: number }[];
  /** Of a pair: the overlap figure that this is, with its square. */
  readonly figure?: OverlapFigure;
}

/** @param norm 1 / ‖x‖ of what the reader read last */
export function contributionsOf(
  parts: FloorParts,
  reader: FeatureReader,
  seen: SeenBuckets,
  norm: number,
): readonly Contribution[] {
  const { info, idf, weights, overlap } = parts;
  const outputs = outputsFor(info.labels, info.several);
  const byLabel = sharesVector(info)
    ? byTwo
    : (of: (output: number) => number) => Float64Array.from({ length: outputs }, (_, k) => of(k));
  const tf = tfWeights(info.weighting);
  const spans: { from: number; to: number }[][] = Array.from({ length: reader.size }, () => []);
  for (const { at, token, tokens } of reader.occurrences()) spans[at].push({ from: token, to: token + tokens });
  const found: Contribution[] = [];
  for (let i = 0; i < reader.size; i++) {
    const row = seen.rowOf(reader.buckets[i]);
    if (row < 0) continue;
    const scale = info.weighting === 'binary' ? 1 : idf[row];
    const value = tf[Math.min(reader.counts[i], tf.length - 1)] * scale * norm;
    found.push({ logits: byLabel((k) => value * weights[row * outputs + k]), spans: spans[i] });
  }
  if (!overlap) return found;
  const figures = OVERLAP_FIGURES.map((figure, f): Contribution => {
    const value = (reader.figures[f] - overlap.mean[f]) / overlap.spread[f];
    const weight = (at: number, k: number) => overlap.weights[at * outputs + k];
    const logits = byLabel((k) => value * weight(f, k) + value ** 2 * weight(OVERLAP_FIGURES.length + f, k));
    return { logits, spans: [], figure };
  });
  return [...found, ...figures];
}

/** [2] from one output: s becomes (−s/2, s/2). */
function byTwo(of: (output: number) => number): Float64Array {
  const s = of(0);
  return Float64Array.of(-s / 2, s / 2);
}

/**
 * [tokens, C]: contributions by token, for colouring: an n-gram's is shared evenly among the tokens of all its places.
 * Figures have no place and are left out.
 */
export function byToken(contributions: readonly Contribution[], tokens: number, labels: number): Float64Array {
  const sums = new Float64Array(tokens * labels);
  for (const { logits, spans } of contributions) {
    const places = spans.reduce((sum, { from, to }) => sum + to - from, 0);
    for (const { from, to } of spans)
      for (let t = from; t < to; t++) for (let c = 0; c < labels; c++) sums[t * labels + c] += logits[c] / places;
  }
  return sums;
}
