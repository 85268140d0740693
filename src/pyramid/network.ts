/**
 * The whole pyramid as one graph, for training and evaluation: embeddings, L blocks with soft, hard or no pruning,
 * every exit head, the main classifier. (The engine does not use it: it runs one block at a time.)
 */
import {
  block,
  classificationHead,
  type Dropout,
  type EncoderConfig,
  embed,
  importanceScore,
  type Layout,
  layoutOf,
  pooledRow,
  readRows,
  type Weights,
} from '../encoder/index.ts';
import type { Graph, Value } from '../graph/index.ts';
import { exitGraphOf, exitOf, features, type HeadSettings, readsFeatures, rowFeatures } from './exits/exits.ts';
import { peek } from './peek.ts';
import { hardSelect, softGate } from './prune.ts';

export type Pruning = 'none' | 'soft' | 'hard';

export interface NetworkInputs {
  /** [N, d]: the word embedding of each row. */
  readonly words: Value;
  /** int64 [N]. */
  readonly types: Value;
  /** int64 [N]: which text of a pair each row is of, 0 or 1, for the heads of pairs; left out: its type tells. */
  readonly segments?: Value;
  /** int64 [N]. */
  readonly sequence: Value;
}

export interface NetworkOptions {
  readonly pruning: Pruning;
  readonly heads: HeadSettings;
  /** Scalar, for soft pruning. */
  readonly temperature?: Value;
  readonly dropout?: Dropout;
  /**
   * How much of the last layer is computed where the logits read its [CLS] rows only. `rows` (default): all of it;
   * `scores`: [CLS] by peek, and what pruning makes of the tokens (scores, masks, layout); `peek`: [CLS] by peek alone.
   * Where the main classifier reads the mean of all rows, all of them are computed.
   */
  readonly lastLayer?: LastLayer;
}

export type LastLayer = 'rows' | 'scores' | 'peek';

export interface Network {
  /** H_0 … H_L; after hard pruning each has its own number of rows. Without H_L unless the last layer's rows are computed. */
  readonly hidden: readonly Value[];
  /** Layout of H_0 … H_L; where the last layer's scores are not computed, the last is the one that enters it. */
  readonly layouts: readonly Layout[];
  /** Importance score at layers 1 … L; null without pruning or where not computed. */
  readonly scores: readonly (Value | null)[];
  /** Soft masks [N] at layers 1 … L; empty otherwise. */
  readonly masks: readonly Value[];
  /** What the exits of layers 1 … L−1 read, [B, F]; empty for those that read no features. */
  readonly features: readonly Value[];
  /** Logits of layers 1 … L−1's heads. */
  readonly exits: readonly Value[];
  /** Logits of the main classifier, [B, C]. */
  readonly logits: Value;
}

export const THRESHOLDS = 'pyramid.thresholds';

export function network(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  inputs: NetworkInputs,
  options: NetworkOptions,
): Network {
  const { pruning, heads, dropout } = options;
  const lastLayer = config.form.pooling === 'mean' ? 'rows' : (options.lastLayer ?? 'rows');
  const { layers } = config;
  const kind = exitOf(heads.kind);
  const areFeatures = kind !== null && readsFeatures(kind);
  let layout = layoutOf(g, inputs.sequence, { rows: 'N', texts: 'B', padded: 'S' });
  let x = embed(g, weights, config, inputs.words, layout.position, inputs.types, dropout);
  let segments = inputs.segments ?? inputs.types;
  // each layer's threshold as a scalar
  const thresholds =
    pruning === 'none'
      ? []
      : g.split(weights(THRESHOLDS), 0, Array(layers).fill(1)).map((value) => g.squeeze(value, 0));

  const asRead = (rows: Value) => readRows(g, weights, config, rows);

  const hidden = [x];
  const layouts = [layout];
  const scores: (Value | null)[] = [];
  const masks: Value[] = [];
  const read: Value[] = [];
  const exits: Value[] = [];
  let pooled: Value | null = null;
  for (let layer = 1; layer <= layers; layer++) {
    const isLast = layer === layers;
    const exit = isLast ? null : exitGraphOf(heads.kind);
    const beside = rowFeatures(g, exit, layer, () => ({
      entering: g.op('PadRows', [asRead(x), layout.pad, layout.unpad], {}),
      layout,
      segments: heads.pairs ? segments : null,
    }));
    let kept: Value | null = null;
    const select =
      pruning === 'hard' ? hardSelect(g, thresholds[layer - 1], { rows: `N${layer}`, padded: `S${layer}` }) : undefined;
    const gate = pruning === 'soft' ? softGate(g, thresholds[layer - 1], options.temperature!, masks) : undefined;
    if (isLast && lastLayer !== 'rows') {
      pooled = asRead(peek(g, weights, config, layer - 1, x, layout, dropout).cls); // [B, d]
      const score =
        pruning === 'none' || lastLayer === 'peek' ? null : importanceScore(g, weights, config, layer - 1, x, layout);
      if (score) {
        g.scope(`bert.encoder.layer.${layer - 1}.${pruning === 'soft' ? 'gate' : 'select'}`, () => {
          gate?.(score, layout);
          if (select) ({ layout } = select(score, layout));
        });
      }
      layouts.push(layout);
      scores.push(score);
      break;
    }
    const result = block(g, weights, config, layer - 1, x, layout, {
      dropout,
      gate,
      select:
        select &&
        ((score, before) => {
          const selection = select(score, before);
          kept = selection.rows;
          return selection;
        }),
    });
    if (kept && heads.pairs) segments = g.takeRows(segments, kept);
    ({ x, layout } = result);
    hidden.push(x);
    layouts.push(layout);
    scores.push(result.score);
    if (!exit) continue;
    const seen = areFeatures ? features(g, asRead(g.takeRows(x, layout.first)), beside) : asRead(x); // [B, F] or [N, d]
    if (areFeatures) read.push(seen);
    exits.push(exit.logits(g, { weights, config, settings: heads, layer, read: seen, layout, dropout }));
  }
  pooled ??= pooledRow(g, weights, config, x, layout); // [B, d]
  return {
    hidden,
    layouts,
    scores,
    masks,
    features: read,
    exits,
    logits: classificationHead(g, weights, config, pooled, dropout),
  };
}
