/**
 * Floor 0 as part of a graph: z_0 of all texts of a batch, as src/pyramid/floor/floor.ts computes it for one text. Whole-number
 * operators hash the n-grams, `Unique` counts them, and tables give what each weighs.
 */
import type { Graph, Value } from '../graph/index.ts';
import { FIGURES, Floor, type FloorParts, outputsFor, SeenBuckets, sharesVector } from '../pyramid/floor/index.ts';
import type { Frame, GivenTokens } from './given-tokens.ts';
import { filled, ngramsInGraph } from './ngrams-graph.ts';
import { pairFeatures } from './pair-features-graph.ts';

/** The texts, and how the tokeniser frames them. */
interface Given {
  readonly tokens: GivenTokens;
  readonly frame: Frame;
}

export interface FloorLogits {
  /** [B, C] */
  readonly z0: Value;
  /** bool [B]: floor 0 knows something of the text; else it is not asked. */
  readonly isKnown: Value;
  /** [C]: what is answered where a text is not known and something has to be answered. */
  readonly bias: Value;
}

/** Counts of an n-gram from this on are taken for it, as in tf-weights.ts. */
const MOST_COUNT = 4095;

export function floorLogits(g: Graph, parts: FloorParts, given: Given): FloorLogits {
  return g.scope('floor', () => {
    const { info, overlap } = parts;
    const { text, hash, figures } = featuresOf(g, parts, given);
    const binary = info.weighting === 'binary';
    const outputs = outputsFor(info.labels, info.several);
    const key = g.add(g.mul(text, info.buckets), g.mod(hash, info.buckets));
    const [distinct, , , counts] = g.ops('Unique', [key], { dim: 'F' }); // [F]
    g.bindDimTo('F', distinct, 0);
    const of = g.div(distinct, info.buckets); // [F]: the text
    const tables = tablesOf(parts);
    const row = g.cast(
      g.gather(g.constant('rows', tables.rows, [info.buckets]), g.mod(distinct, info.buckets)),
      'int64',
    ); // [F]
    const perText = (values: Value) => g.scatterAdd(g.zeros(['B', ...values.shape.slice(1)]), of, values);

    const weight = g.gather(g.constant('weights', tables.weights, [info.seen + 1, outputs]), row); // [F, K]
    // a pair has an n-gram or has it not
    const value = binary ? null : g.mul(overlap ? g.scalar(1) : tfOf(g, parts, counts), idfOf(g, tables.idf, row)); // [F]
    const sums = perText(value ? g.mul(g.unsqueeze(value, 1), weight) : weight); // [B, K]
    let normal = sums;
    if (value) {
      const squares = perText(g.mul(value, value)); // [B]
      const norm = g.op('Sqrt', [g.where(g.op('Greater', [squares, g.scalar(0)], {}), squares, 1)], {});
      normal = g.div(sums, g.unsqueeze(norm, 1)); // [B, K]
    }
    const linear = g.add(normal, g.constant('bias', parts.bias, [outputs])); // [B, K]
    const s = overlap && figures ? g.add(linear, figuresPart(g, overlap, figures, outputs)) : linear;
    // a pair of rare words still has its overlap figures
    const known = g.cast(overlap ? filled(g, row, 1) : g.op('Greater', [row, g.scalar(0, 'int64')], {}), 'float32');
    return {
      z0: sharesVector(info) ? g.concat([g.mul(s, -0.5), g.mul(s, 0.5)], 1) : s,
      isKnown: g.op('Greater', [perText(known), g.scalar(0)], {}),
      bias: g.constant('bias.labels', Float32Array.from(new Floor(parts).bias), [info.labels]),
    };
  });
}

function featuresOf(g: Graph, parts: FloorParts, given: Given) {
  const { info, kinds, overlap } = parts;
  const grams = ngramsInGraph(g, info, kinds, given, info.bigrams || overlap !== null);
  return overlap
    ? pairFeatures(g, { ...parts, overlap }, grams)
    : { text: grams.text, hash: grams.hash, figures: null };
}

const idfOf = (g: Graph, idf: Float32Array, row: Value): Value => g.gather(g.constant('idf', idf, [idf.length]), row);

/** [F], from int64 counts. */
function tfOf(g: Graph, { info }: FloorParts, counts: Value): Value {
  const most = g.scalar(MOST_COUNT, 'int64');
  const count = g.cast(g.where(g.op('Less', [counts, most], {}), counts, most), 'float32');
  return info.weighting === 'tf' ? count : g.add(g.op('Log', [count], {}), 1);
}

/** [B, K]: the standardised figures and their squares, each by its weight. */
function figuresPart(
  g: Graph,
  { mean, spread, weights }: NonNullable<FloorParts['overlap']>,
  figures: Value,
  outputs: number,
) {
  const constant = (name: string, values: Float32Array) => g.constant(`figures.${name}`, values, [FIGURES]);
  const value = g.div(g.sub(figures, constant('mean', mean)), constant('spread', spread)); // [B, F]
  const both = g.concat([value, g.mul(value, value)], 1); // [B, 2F]
  return g.matmul(both, g.constant('figures.weights', weights, [2 * FIGURES, outputs]));
}

/** Row 0 is that of n-grams which training never saw. */
function tablesOf({ info, bits, idf, weights }: FloorParts) {
  const seen = new SeenBuckets(bits);
  const outputs = outputsFor(info.labels, info.several);
  const all = new Float32Array((info.seen + 1) * outputs);
  all.set(weights, outputs);
  return {
    /** [buckets] */
    rows: Int32Array.from({ length: info.buckets }, (_, bucket) => seen.rowOf(bucket) + 1),
    /** [seen + 1] */
    idf: joined(info.unseenIdf, idf),
    /** [seen + 1, K] */
    weights: all,
  };
}

function joined(first: number, rest: Float32Array): Float32Array {
  const all = new Float32Array(rest.length + 1);
  all[0] = first;
  all.set(rest, 1);
  return all;
}
