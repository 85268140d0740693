/**
 * Floating-point operations of one text, in two counts that are always reported together. `paperFlops` is the count of the
 * paper's tables. `actualFlops` is what the engine computes: it removes tokens in mid-layer, peeks, and runs exit heads
 * and the classifier. Both count a multiplication and an addition as two. They count products with weights and those of
 * attention (and the features of exit heads), where it is disentangled those with distances too. Biases, softmax, LayerNorm, GELU and the sums of the scores are linear in
 * the tokens and below 1 % of a layer; so are attention's bias by distance, a look-up, and rotary positions. A local layer
 * is counted as it is computed, all tokens with all. Embeddings are look-ups too, and their
 * projection is counted where there is one. Layers are 1..L as in the paper.
 */
import { distanceBucket } from '../encoder/distance-bucket.ts';
import { exitAt, type HeadKind } from './exits/exits.ts';
import { FASTBERT_WIDTH } from './exits/fastbert.ts';
import type { NetworkShape } from './shape.ts';

export interface ActualFlopsOptions {
  /** Which heads are asked on the way; 'none' also when early exit is off, since then the engine asks none. */
  readonly headKind: HeadKind;
  /** Texts are pairs: a head that reads rows then has five features of width d rather than two. */
  readonly pairs: boolean;
  /** Per layer (entry l−1): ask before the layer runs, from one row, rather than after it. */
  readonly peeks: readonly boolean[] | 'all' | 'none';
  /** Per layer (entry l−1), whether there is a head to ask; left out, all of layers 1..L−1 have one. */
  readonly asked?: readonly boolean[];
  /** Width of `fastbert` heads; 128 where left out. */
  readonly fastbertWidth?: number;
  /** Floor 0 is asked, or adds to what the exits say; false where left out. */
  readonly floor?: boolean;
}

/**
 * 2 Σ_{l ≤ exit} (4d²a + 2da² + 2·d·d_ff·f), a gated feed-forward 3·d·d_ff·f: a = tokens[l−1] enter layer l and f = tokens[l] are left after its
 * pruning; disentangled attention multiplies two times a rows with the distances of the text as it came. `tokens` has L+1 entries; layers 1..`exit` run, none where floor 0 answers. Heads, classifier, embeddings and
 * floor 0 are not counted.
 */
export function paperFlops(shape: NetworkShape, tokens: readonly number[], exit: number): number {
  check(shape, tokens, exit);
  const { hiddenSize: d } = shape;
  const feedForward = feedForwardSize(shape);
  let sum = 0;
  for (let layer = 1; layer <= exit; layer++) {
    const a = tokens[layer - 1];
    const f = tokens[layer];
    sum += 4 * d * d * a + 2 * d * a * a + distanceFlops(shape, tokens, layer) + feedForward * f;
  }
  return 2 * sum;
}

/**
 * The dense model, all layers, run the ordinary way: the numerator of both speed-ups. (The classifier is left out,
 * so that both speed-ups have one and the same base.)
 */
export function denseFlops(shape: NetworkShape, length: number): number {
  return paperFlops(shape, new Array(shape.layers + 1).fill(length), shape.layers);
}

/**
 * What the engine computes for a text that answers at layer `answers`.
 *
 * Layers below it run in full. Layer `answers` runs in full only where its head is asked afterwards; a peek answers
 * before. The last layer is no more than a peek, with or without exits, unless `peeks` says otherwise. Floor 0 is layer 0:
 * no part of the network runs where it answers. What an exit costs itself stands in its own file.
 */
export function actualFlops(
  shape: NetworkShape,
  tokens: readonly number[],
  answers: number,
  { headKind, pairs, peeks, asked, fastbertWidth = FASTBERT_WIDTH, floor = false }: ActualFlopsOptions,
): number {
  check(shape, tokens, answers);
  const last = shape.layers;
  const sizes = { pairs, width: fastbertWidth };
  if (answers === 0 && !floor) throw new Error('internal: floor 0 answers but is not asked');
  let sum = floor ? exitAt(headKind, 0, last)!.flops(shape, sizes, tokens[0], tokens[0]) : 0;
  for (let layer = 1; layer <= answers; layer++) {
    const enter = tokens[layer - 1];
    const left = tokens[layer];
    const exit = layer === last || (asked?.[layer - 1] ?? true) ? exitAt(headKind, layer, last) : null;
    if (layer === answers && !exit) throw new Error(`internal: layer ${layer} answers but has no head`);
    const inFull = layer === last && shape.pooling === 'mean';
    const isPeeked = exit?.asked === 'before' && !inFull && (peeks === 'all' || (peeks !== 'none' && peeks[layer - 1]));
    // whatever runs of layer 1 begins with the embeddings
    const before = layer === 1 ? projectionFlops(shape, enter) : 0;
    if (isPeeked) sum += before + peekFlops(shape, enter);
    if (!isPeeked || layer < answers)
      sum += before + layerFlops(shape, enter, left, isPeeked) + 2 * distanceFlops(shape, tokens, layer);
    if (exit) sum += exit.flops(shape, sizes, enter, left);
  }
  return sum;
}

/** Embeddings of e numbers to d: d·e for each token, times 2. */
const projectionFlops = ({ hiddenSize: d, embeddingSize: e }: NetworkShape, tokens: number): number =>
  e === undefined ? 0 : 2 * d * e * tokens;

/**
 * A layer in full. A removed token leaves before the output projection: query, key and value 3·d²a, scores and mix
 * 2·da², output projection d²f, feed-forward 2·d·d_ff·f (gated 3·d·d_ff·f); each times 2. Where it was peeked at and keys do
 * not fold, the keys d²a are there already.
 */
function layerFlops(shape: NetworkShape, enter: number, left: number, isPeeked: boolean): number {
  const { hiddenSize: d } = shape;
  const projections = isPeeked && makesKeys(shape) ? 2 : 3;
  return 2 * (projections * d * d * enter + 2 * d * enter * enter + d * d * left + feedForwardSize(shape) * left);
}

/**
 * The first row of a layer's output, with the key and value projections folded: query d², fold (W_kᵀ q, over the
 * heads) d², scores h·n·d, mix h·n·d, W_v d², W_o d², feed-forward of one row 2·d·d_ff; each times 2. With
 * d_ff = 4d: 24d² + 4·h·n·d. With rotary positions and disentangled attention the key projection does not fold: d² a token
 * instead. Each key times its distance is linear in the tokens.
 */
function peekFlops(shape: NetworkShape, enter: number): number {
  const { hiddenSize: d, heads: h } = shape;
  const keys = makesKeys(shape) ? d * d * enter : d * d;
  return 2 * (3 * d * d + keys + 2 * h * enter * d + feedForwardSize(shape));
}

const makesKeys = ({ rotary, disentangled }: NetworkShape): boolean => rotary === true || disentangled !== undefined;

/** Multiplications of the queries and the keys that enter with each distance that the text's tokens may have. */
function distanceFlops(
  { hiddenSize: d, disentangled }: NetworkShape,
  tokens: readonly number[],
  layer: number,
): number {
  if (!disentangled || tokens[0] === 0) return 0;
  return 2 * d * tokens[layer - 1] * (2 * distanceBucket(tokens[0] - 1, disentangled) + 1);
}

/** Weights of the feed-forward: two matrices, or three where it is gated. */
const feedForwardSize = ({ hiddenSize: d, intermediateSize: ff, gated }: NetworkShape): number =>
  (gated ? 3 : 2) * d * ff;

function check(shape: NetworkShape, tokens: readonly number[], exit: number): void {
  if (tokens.length !== shape.layers + 1)
    throw new Error(`internal: ${tokens.length} token counts for ${shape.layers} layers (one more is needed)`);
  if (!(Number.isInteger(exit) && exit >= 0 && exit <= shape.layers))
    throw new Error(`internal: a text answers at layer ${exit} of ${shape.layers}`);
}
