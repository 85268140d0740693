/**
 * `fastbert` (Liu et al. 2020): Linear d→e, tanh, self-attention over the live tokens of H_l with output projection,
 * first token, Linear e→e, tanh, Linear e→C. It reads all rows of the layer's output, so it has no peek.
 */
import { attentionBias, columnProduct, dense, rowProduct } from '../../encoder/index.ts';
import type { Exit, ExitGraph } from './exit.ts';
import { headName, linear } from './head-name.ts';

export const FASTBERT_WIDTH = 128;
export const FASTBERT_HEADS = 2;

export const fastbert: Exit = {
  summary: 'all tokens after the layer, through its own attention',
  asked: 'after',
  reads: 'leaving rows',
  needsPairs: false,
  // d → e, key and value of every live token; query, attention, output projection and dense of the first only
  flops: ({ hiddenSize: d, labels }, { width: e }, _entering, left) =>
    2 * (left * (d * e + 2 * e * e + 2 * e) + 3 * e * e + e * labels),
};

export const fastbertGraph: ExitGraph = {
  parameters: ({ hiddenSize: d, labels }, { width: e }, layer) =>
    new Map([
      ...linear(layer, 'proj', e, d),
      ...['query', 'key', 'value', 'attn_out', 'dense'].flatMap((part) => linear(layer, part, e, e)),
      ...linear(layer, 'out', labels.length, e),
    ]),
  copies: null,
  rowFeatures: null,
  logits: (g, { weights, settings, layer, read: x, layout }) => {
    if (!layout) throw new Error('internal: a fastbert exit without the layout of its rows');
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
        e / h,
        1,
      ]); // [B, h, e/h, 1]
      const products = g.transpose(columnProduct(g, byHead('key'), firstQuery), [0, 1, 3, 2]); // [B, h, 1, S]
      const logits = g.mul(products, 1 / Math.sqrt(e / h));
      const mixed = rowProduct(g, g.softmax(g.add(logits, attentionBias(g, layout))), byHead('value')); // [B, h, 1, e/h]
      const context = dense(g, weights, headName(layer, 'attn_out'), g.reshape(mixed, [B, e])); // [B, e]
      return dense(g, weights, headName(layer, 'out'), g.tanh(dense(g, weights, headName(layer, 'dense'), context))); // [B, C]
    });
  },
};
