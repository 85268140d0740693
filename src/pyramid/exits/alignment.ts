/**
 * Compares the two texts of a pair word by word. Each word is compared with the mix of the other text's words that is most
 * like it, and the distances are averaged per text. In [CLS] the two texts mix only in deep layers; this compares them in
 * the first layer. Soft alignment without weights of its own, after Parikh et al. 2016, section 3.1
 * (https://arxiv.org/abs/1606.01933):
 *   p_ij = softmax over the other text's words j of β cos(x_i − m, x_j − m), m the mean of the pair's words;
 *   D_A = mean over A's words i of |x_i − Σ_j p_ij x_j|, and D_B likewise.
 * A word is any live token but [CLS]; if one of the texts has none left, m replaces the mix.
 */
import { columnProduct, type Layout, logPresence, rowProduct } from '../../encoder/index.ts';
import type { Graph, Value } from '../../graph/index.ts';

/** β: how sharply the most similar words are preferred. */
const SHARPNESS = 10;
/** Far below any cosine times β. */
const NEVER = -1e9;
/** A word's squared distance from the mean is not taken to be smaller: it is divided by. */
const SMALLEST = 1e-6;

/** D_A + D_B and D_A − D_B beside each other, [B, 2d]; a text without words has D = 0. */
export function alignment(g: Graph, entering: Value, layout: Layout, segments: readonly [Value, Value]): Value {
  const { padded: S } = layout;
  const [first, second] = segments; // [B, S], the weights of the segment's live rows: 1 where nothing fades
  const d = entering.shape[2] as number;
  const notCls = g.cast(g.op('Less', [g.scalar(0, 'int64'), g.range(S)], {}), 'float32'); // [S]
  const a = g.mul(first, notCls); // [B, S]
  const countOf = (words: Value) => g.sum(words, [1], true); // [B, 1]
  const atLeast = (x: Value, least: number) => g.where(g.op('Less', [x, g.scalar(least)], {}), g.scalar(least), x);
  const shares = (words: Value) => g.div(words, atLeast(countOf(words), 1)); // [B, S]
  const everyWord = shares(g.add(a, second)); // [B, S]
  const row = (x: Value) => g.unsqueeze(x, 1); // [B, 1, S]
  const column = (x: Value) => g.unsqueeze(x, 2); // [B, S, 1]

  // products of centred rows from those of the rows as they are: (x_i − m)(x_j − m) = x_i x_j − x_i m − x_j m + m m
  const products = rowsWithRows(g, entering); // [B, S, S]
  const withMean = columnProduct(g, products, column(everyWord)); // [B, S, 1]
  const meanSquare = g.mean(rowProduct(g, row(everyWord), g.concat([withMean, withMean], 2)), [2], true); // [B, 1, 1]
  const centred = g.add(g.sub(g.sub(products, withMean), g.transpose(withMean, [0, 2, 1])), meanSquare); // [B, S, S]
  const place = g.range(S);
  const diagonal = g.cast(g.op('Equal', [g.unsqueeze(place, 1), place], {}), 'float32'); // [S, S]
  const squares = atLeast(g.sum(g.mul(centred, diagonal), [2]), SMALLEST); // [B, S]
  const norms = g.op('Sqrt', [squares], {}); // [B, S]
  const cosines = g.div(g.div(centred, column(norms)), row(norms)); // [B, S, S]

  const across = g.add(g.mul(column(a), row(second)), g.mul(column(second), row(a))); // [B, S, S], 1 from text to text
  const fading = logPresence(g, layout); // [B, S]
  const bias = fading
    ? g.where(g.op('Greater', [across, g.scalar(0)], {}), row(fading), NEVER)
    : g.mul(g.sub(g.scalar(1), across), NEVER);
  const similar = g.softmax(g.add(g.mul(cosines, SHARPNESS), bias)); // [B, S, S]
  const both = g.op('Less', [g.scalar(0), g.mul(countOf(a), countOf(second))], {}); // [B, 1]
  const mixing = g.where(g.unsqueeze(both, 2), similar, row(everyWord)); // [B, S, S]
  const distance = g.abs(g.sub(entering, g.matmul(mixing, entering))); // [B, S, d]

  const [inFirst, inSecond] = [row(shares(a)), row(shares(second))]; // [B, 1, S]
  const weights = g.concat([g.add(inFirst, inSecond), g.sub(inFirst, inSecond)], 1); // [B, 2, S]
  return g.reshape(g.matmul(weights, distance), [entering.shape[0], 2 * d]); // [B, 2d]
}

/** A runtime adds the terms of a longer product in pieces, whose sizes hang on the number of columns: here S. */
const LONGEST_SUM = 128;

/** x [B, S, d] times itself transposed, [B, S, S]: each number has the same bits whatever S is. */
function rowsWithRows(g: Graph, x: Value): Value {
  const [B, S, d] = x.shape as [string, string, number];
  let parts = Math.ceil(d / LONGEST_SUM);
  while (d % parts > 0) parts++;
  if (parts === 1) return g.matmul(x, g.transpose(x, [0, 2, 1]));
  const byPart = g.transpose(g.reshape(x, [B, S, parts, d / parts]), [0, 2, 1, 3]); // [B, parts, S, d/parts]
  return g.sum(g.matmul(byPart, g.transpose(byPart, [0, 1, 3, 2])), [1]);
}
