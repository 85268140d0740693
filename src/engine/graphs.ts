/**
 * The graphs that the engine runs, each a piece of one layer with its weights inside: the peek with its head, the
 * block with removal, an exit that is asked after its block, and the count of what the last layer's pruning would leave; and,
 * where a block takes the keys that its peek made, those keys for a text that was not peeked at.
 * Layers are 1..L. Layer 1's graphs begin with the embeddings, so no hidden rows are copied for a text that exits there.
 * The word rows come in as `words`, from one table that all graphs share.
 */
import {
  beforeAttention,
  block,
  type DensePart,
  embedPlaces,
  keysFold,
  keysOf,
  type Layout,
  placeTable,
  pooledRow,
  readRows,
  type StoredTensor,
  type Weights,
} from '../encoder/index.ts';
import { Graph, type Value } from '../graph/index.ts';
import { type ExitGraph, exitGraphAt, exitOf, features, rowFeatures } from '../pyramid/exits/exits.ts';
import { isAsked, type PyramidModel } from '../pyramid/folder/model-folder.ts';
import { headProduct, peek } from '../pyramid/peek.ts';
import { hardSelect } from '../pyramid/prune.ts';
import { givenLayout } from './given-layout.ts';
import { Int8Layers, type WeightBits } from './int8.ts';

/** A model, and the bits of its weights where linear layers run on whole numbers; null: float32. */
export interface Written {
  /** As many positions as its texts may have tokens, see `asWritten`. */
  readonly model: PyramidModel;
  readonly bits: WeightBits | null;
}

/** What the graphs are written from: tables of positions end where the model's texts do. */
export const asWritten = (model: PyramidModel, bits: WeightBits | null): Written => {
  const { config, info } = model;
  const isTable = config.form.positionTable; // which has its own size
  return { model: isTable ? model : { ...model, config: { ...config, maxPositions: info.maxLength } }, bits };
};

/**
 * Whether the block of `layer` takes the keys that its peek made. Not with int8: a byte that is rounded from a float32 sum may
 * hang on the batch, and an int8 product costs little more than carrying its result.
 */
export const takesKeys = ({ model, bits }: Written, layer: number): boolean =>
  !keysFold(model.config.form) &&
  bits === null &&
  layer < model.config.layers &&
  isAsked(model, layer) &&
  exitGraphAt(model.headSettings.kind, layer, model.config.layers) !== null &&
  exitOf(model.headSettings.kind)?.asked === 'before';

interface Piece {
  readonly g: Graph;
  readonly weights: Weights;
  readonly layout: Layout;
  readonly segments: () => Value;
  /** [N, d]: what enters the layer. */
  readonly entering: Value;
}

function begin({ model, bits }: Written, layer: number): Piece {
  const { parameters, heads } = model;
  const stored = (name: string): StoredTensor => {
    const tensor = parameters.get(name) ?? heads.get(name);
    if (!tensor) throw new Error(`internal: the model has no tensor ${name}`);
    return tensor;
  };
  const g = new Graph();
  const made = new Map<string, Value>();
  const constant = (name: string): Value => {
    let value = made.get(name);
    if (!value) {
      const { data, shape } = stored(name);
      value = g.constant(name, data, shape);
      made.set(name, value);
    }
    return value;
  };
  const whole = bits && new Int8Layers(g, stored, bits);
  const weights: Weights = Object.assign(
    constant,
    whole
      ? {
          dense: (parts: readonly DensePart[], x: Value) => whole.dense(parts, x),
          headProduct: (name: string, x: Value, transposed: boolean) => whole.headProduct(name, x, transposed),
        }
      : {
          headProduct: (name: string, x: Value, transposed: boolean) =>
            neverOneRow(g, x, (rows) => headProduct(g, constant(name), rows, transposed)),
        },
  );
  const layout = givenLayout(g, layer > 1 && model.thresholds !== null);
  let segments: Value | null = null;
  const segmentsInput = () => {
    segments ??= g.input('segments', 'int64', ['N']);
    return segments;
  };
  const entering = layer === 1 ? embedded(g, weights, model) : g.input('x', 'float32', ['N', model.config.hiddenSize]);
  return { g, weights, layout, segments: segmentsInput, entering };
}

/**
 * `product` of x [h, B, k] beside one more row of zeros, without it again: a product with a single row adds its terms in another
 * order, and a text that is alone in its batch would get other bits than in company.
 */
function neverOneRow(g: Graph, x: Value, product: (x: Value) => Value): Value {
  const [h, B, k] = x.shape;
  const rows = g.concat([x, g.zeros([h, 1, k])], 1, `${B}+1`);
  const byRow = g.transpose(product(rows), [1, 0, 2]); // [B + 1, h, out]
  return g.transpose(g.head(byRow, B), [1, 0, 2]);
}

/** H_0 [N, d], from `words` [N, e] and `place` [N]. */
const embedded = (g: Graph, weights: Weights, { config, parameters }: PyramidModel): Value =>
  embedPlaces(g, weights, config, placeTable(config, parameters), {
    words: () => g.input('words', 'float32', ['N', config.embeddingSize]),
    place: () => g.input('place', 'int64', ['N']),
  });

/**
 * `logits` [B, C] of layer `layer`'s head (the main classifier at the last), from the rows that enter the layer; where the
 * block takes them, its `keys` [N, d] too. A main classifier that reads the mean of all rows takes the layer in full. An exit
 * head's peek is float32 whatever the blocks are: [CLS] of an early layer varies from text to text by no more than int8's
 * error, and all that a head learns from it would be lost.
 */
export function peekGraph(written: Written, layer: number): Graph {
  const { config, headSettings } = written.model;
  const isLast = layer === config.layers;
  const { g, weights, layout, segments, entering } = begin({ ...written, bits: isLast ? written.bits : null }, layer);
  const exit = exitGraphOf(written, layer);
  const asRead = (rows: Value) => readRows(g, weights, config, rows);
  let read: Value;
  if (isLast && config.form.pooling === 'mean') {
    const left = run(g, weights, written.model, layer, entering, layout);
    read = pooledRow(g, weights, config, left.x, left.layout);
  } else {
    const { cls, keys } = peek(g, weights, config, layer - 1, entering, layout);
    const beside = rowFeatures(g, exit, layer, () => ({
      entering: g.op('PadRows', [asRead(entering), layout.pad, layout.unpad], {}),
      layout,
      segments: headSettings.pairs ? segments() : null,
    }));
    read = isLast ? asRead(cls) : features(g, asRead(cls), beside);
    if (takesKeys(written, layer)) g.output('keys', keys!);
  }
  g.output('logits', exit.logits(g, { weights, config, settings: headSettings, layer, read }));
  return g;
}

/** `x` [M, d], and where the model prunes `rows` [M], which of the entering rows are left, and their `scores` [N]. */
export function blockGraph(written: Written, layer: number): Graph {
  const { g, weights, layout, entering } = begin(written, layer);
  const { hiddenSize } = written.model.config;
  const keys = takesKeys(written, layer) ? g.input('keys', 'float32', ['N', hiddenSize]) : undefined;
  const { x, pruned } = run(g, weights, written.model, layer, entering, layout, keys);
  g.output('x', x);
  if (pruned) {
    g.output('rows', pruned.rows);
    g.output('scores', pruned.scores);
  }
  return g;
}

/** `keys` [N, d] of layer `layer`, as its peek gives them. */
export function keysGraph(written: Written, layer: number): Graph {
  const { g, weights, layout, entering } = begin(written, layer);
  const { config } = written.model;
  const read = beforeAttention(g, weights, config, layer - 1, entering);
  g.output('keys', keysOf(g, weights, config, layer - 1, read, layout));
  return g;
}

/** `rows` and `scores` alone: the last layer is never run, but a trace counts the tokens that it would leave. */
export function countGraph(written: Written): Graph {
  const { layers } = written.model.config;
  const { g, weights, layout, entering } = begin(written, layers);
  const { pruned } = run(g, weights, written.model, layers, entering, layout);
  if (!pruned) throw new Error('internal: a model that prunes nothing has no tokens to count');
  g.output('rows', pruned.rows);
  g.output('scores', pruned.scores);
  return g;
}

/** `logits` [B, C] of an exit that is asked after its layer, from the rows `x` that left layer `layer`. */
export function headGraph(written: Written, layer: number): Graph {
  const { config, headSettings: settings } = written.model;
  const { g, weights, layout, entering } = begin(written, layer + 1);
  const read = readRows(g, weights, config, entering);
  g.output('logits', exitGraphOf(written, layer).logits(g, { weights, config, settings, layer, read, layout }));
  return g;
}

function exitGraphOf({ model: { config, headSettings } }: Written, layer: number): ExitGraph {
  const exit = exitGraphAt(headSettings.kind, layer, config.layers);
  if (!exit) throw new Error(`internal: layer ${layer} has no exit`);
  return exit;
}

function run(
  g: Graph,
  weights: Weights,
  model: PyramidModel,
  layer: number,
  entering: Value,
  layout: Layout,
  keys?: Value,
) {
  const threshold = model.thresholds?.[layer - 1];
  let pruned: { readonly rows: Value; readonly scores: Value } | null = null;
  const after = block(g, weights, model.config, layer - 1, entering, layout, {
    keys,
    select:
      threshold === undefined
        ? undefined
        : (score, before) => {
            const selection = hardSelect(g, g.scalar(threshold), { rows: 'M', padded: 'S_after' })(score, before);
            pruned = { rows: selection.rows, scores: score };
            return selection;
          },
  });
  return {
    x: after.x,
    layout: after.layout,
    pruned: pruned as { readonly rows: Value; readonly scores: Value } | null,
  };
}
