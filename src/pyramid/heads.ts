/**
 * The exit heads of layers 1 … L−1 (the last layer has the main classifier), in four kinds:
 * - `cls`: Linear d→d, tanh, Linear d→C on H_l[CLS];
 * - `fastbert` (Liu et al. 2020): Linear d→e, tanh, self-attention over the live tokens of H_l with output projection,
 *   first token, Linear e→e, tanh, Linear e→C;
 * - `pooled`: as `cls`, on H_l[CLS] beside means of the live rows that ENTER layer l; for pairs the means A and B of
 *   the segments, |A − B| and A ⊙ B, since two sentences meet in [CLS] only in deep layers;
 * - `aligned` (pairs only): as `pooled`, but in place of A and B the distances of each text's words from the most similar
 *   ones of the other (alignment.ts), as sum and difference of the two texts'.
 */
import {
  attentionBias,
  type Dropout,
  dense,
  type EncoderConfig,
  initialise,
  type Layout,
  type Parameters,
  type Weights,
} from '../encoder/index.ts';
import type { Graph, Value } from '../graph/index.ts';
import { alignment } from './alignment.ts';
import type { HeadKind } from './flops.ts';

export interface HeadSettings {
  readonly kind: HeadKind;
  /** The texts are pairs: heads that read rows tell the two segments apart. */
  readonly pairs: boolean;
  /** Width e and attention heads of `fastbert`. */
  readonly width: number;
  readonly attentionHeads: number;
}

export const FASTBERT_WIDTH = 128;
export const FASTBERT_HEADS = 2;
export const headSettings = (kind: HeadKind, pairs: boolean, width = FASTBERT_WIDTH): HeadSettings => ({
  kind,
  pairs,
  width,
  attentionHeads: FASTBERT_HEADS,
});

/** Whether heads of a kind read the rows that enter their layer, beside [CLS]. */
export const readsRows = (kind: HeadKind): kind is 'pooled' | 'aligned' => kind === 'pooled' || kind === 'aligned';

/** Length F of what a `cls`, `pooled` or `aligned` head reads. */
export const featureSize = (d: number, { kind, pairs }: HeadSettings): number =>
  readsRows(kind) ? (pairs ? 5 : 2) * d : d;

/** Checkpoint name of a head's tensor; `layer` is 1-based. */
export const headName = (layer: number, part: string): string => `pyramid.heads.${layer}.${part}`;

/** Whether a tensor of that checkpoint name is an exit head's. */
export const isHead = (name: string): boolean => name.startsWith('pyramid.heads.');

/** Names and shapes of all exit heads' parameters. */
export function headShapes(config: EncoderConfig, settings: HeadSettings): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const { hiddenSize: d } = config;
  const labels = config.labels.length;
  const linear = (layer: number, part: string, out: number, inputs: number) =>
    shapes.set(headName(layer, `${part}.weight`), [out, inputs]).set(headName(layer, `${part}.bias`), [out]);
  for (let layer = 1; layer < config.layers; layer++) {
    if (settings.kind === 'none') continue;
    if (settings.kind === 'fastbert') {
      const { width: e } = settings;
      linear(layer, 'proj', e, d);
      for (const part of ['query', 'key', 'value', 'attn_out', 'dense']) linear(layer, part, e, e);
      linear(layer, 'out', labels, e);
    } else {
      linear(layer, 'dense', d, featureSize(d, settings));
      linear(layer, 'out', labels, d);
    }
  }
  return shapes;
}

/**
 * Fresh exit heads. `cls` heads start as copies of the main classifier where there is one with their activation,
 * which reads the same kind of row; others start random.
 */
export function initialHeads(
  config: EncoderConfig,
  settings: HeadSettings,
  seed: number,
  main?: Parameters,
): Parameters {
  const heads: Parameters = new Map();
  const copies: Readonly<Record<string, string>> = { dense: 'bert.pooler.dense', out: 'classifier' };
  const copied = settings.kind === 'cls' && config.poolerActivation === 'tanh';
  for (const [name, shape] of headShapes(config, settings)) {
    const [, , , part, kind] = name.split('.');
    const source = copied ? main?.get(`${copies[part]}.${kind}`) : undefined;
    heads.set(
      name,
      source ? { shape, data: source.data.slice() } : initialise(name, shape, seed, config.initializerRange),
    );
  }
  return heads;
}

/**
 * Logits [B, C] of a `cls`, `pooled` or `aligned` head from its features [B, F]. Dropout is behind the tanh: features hardly vary from
 * text to text, and one that is missing would drown all that the others say.
 */
export function featureHead(
  g: Graph,
  weights: Weights,
  layer: number,
  features: Value,
  dropout: (x: Value) => Value = (x) => x,
): Value {
  return g.scope(`pyramid.heads.${layer}`, () => {
    const inner = g.tanh(dense(g, weights, headName(layer, 'dense'), features)); // [B, d]
    return dense(g, weights, headName(layer, 'out'), dropout(inner)); // [B, C]
  });
}

/** Features [B, F] of a head: `cls` is H_l[CLS], `read` what rowFeatures gave for the rows entering layer l. */
export const features = (g: Graph, cls: Value, read: readonly Value[]): Value => g.concat([cls, ...read], 1);

/**
 * What a head that reads rows has beside [CLS], [B, d] or [B, 2d] each. Single texts have one mean; of
 * pairs `pooled` heads read A, B, |A − B|, A ⊙ B and `aligned` ones D_A + D_B, D_A − D_B, |A − B|, A ⊙ B. `entering`
 * [B, S, d] are the padded rows that enter the layer, `types` [N] their token types,
 * null for single texts. An empty segment has mean 0.
 */
export function rowFeatures(
  g: Graph,
  { kind }: HeadSettings,
  entering: Value,
  layout: Layout,
  types: Value | null,
): Value[] {
  const live = g.cast(layout.live, 'float32'); // [B, S]
  const mean = (weight: Value, count: Value) =>
    g.squeeze(g.matmul(g.unsqueeze(g.div(weight, g.unsqueeze(count, 1)), 1), entering), 1); // [B, d]
  if (!types) return [mean(live, g.cast(layout.lengths, 'float32'))];
  const padded = g.op('PadRows', [g.cast(types, 'float32'), layout.pad, layout.unpad], {}); // [B, S]
  const second = g.mul(padded, live); // [B, S]
  const first = g.sub(live, second); // [B, S]
  const atLeastOne = (count: Value) => g.where(g.op('Less', [count, g.scalar(1)], {}), g.scalar(1), count);
  const a = mean(first, atLeastOne(g.sum(first, [1])));
  const b = mean(second, atLeastOne(g.sum(second, [1])));
  const texts = kind === 'pooled' ? [a, b] : [alignment(g, entering, layout, [first, second])];
  return [...texts, g.abs(g.sub(a, b)), g.mul(a, b)];
}

/** Logits [B, C] of a `fastbert` head on the rows x [N, d] that left layer `layer`. */
export function fastbertHead(
  g: Graph,
  weights: Weights,
  settings: HeadSettings,
  layer: number,
  x: Value,
  layout: Layout,
): Value {
  const { width: e, attentionHeads: h } = settings;
  const { texts: B, padded: S } = layout;
  return g.scope(`pyramid.heads.${layer}`, () => {
    const z = g.tanh(dense(g, weights, headName(layer, 'proj'), x)); // [N, e]
    const byHead = (part: string) => {
      const padded = g.op('PadRows', [dense(g, weights, headName(layer, part), z), layout.pad, layout.unpad], {}); // [B, S, e]
      return g.transpose(g.reshape(padded, [B, S, h, e / h]), [0, 2, 1, 3]); // [B, h, S, e/h]
    };
    // only the first token is read on: its query alone
    const firstQuery = g.reshape(dense(g, weights, headName(layer, 'query'), g.takeRows(z, layout.first)), [
      B,
      h,
      1,
      e / h,
    ]); // [B, h, 1, e/h]
    const logits = g.mul(g.matmul(firstQuery, g.transpose(byHead('key'), [0, 1, 3, 2])), 1 / Math.sqrt(e / h)); // [B, h, 1, S]
    const mixed = g.matmul(g.softmax(g.add(logits, attentionBias(g, layout))), byHead('value')); // [B, h, 1, e/h]
    const context = dense(g, weights, headName(layer, 'attn_out'), g.reshape(mixed, [B, e])); // [B, e]
    return dense(g, weights, headName(layer, 'out'), g.tanh(dense(g, weights, headName(layer, 'dense'), context))); // [B, C]
  });
}

/** A head's dropout: BERT's rate, at a place of its own. */
export const headDropout = (dropout: Dropout | undefined, x: Value, layer: number, config: EncoderConfig): Value =>
  dropout ? dropout(x, `heads.${layer}`, config.hiddenDropout) : x;
