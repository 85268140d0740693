/**
 * The dense model's folder: the same weights and words without pruning and exits, as others read it: our own format,
 * Hugging Face's (PyTorch opens it), and `onnx/model.onnx`, the padded network [B, S] as exporters write it
 * (three-dimensional rows, MatMul and Add, one mask).
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  afterAttention,
  attentionPart,
  attentionScale,
  beforeAttention,
  classificationHead,
  type DensePart,
  distanceLogits,
  embed,
  hasBias,
  joined,
  meanRow,
  nearOf,
  paddedTurn,
  readRows,
  relativeBias,
  turned,
  type Weights,
  WORD_EMBEDDINGS,
} from '../encoder/index.ts';
import { Graph, toOnnx, type Value } from '../graph/index.ts';
import { headSettings } from '../pyramid/exits/exits.ts';
import { withoutDial } from '../pyramid/folder/dial.ts';
import { readModelFolder, writeModelFolder } from '../pyramid/folder/disk-model.ts';
import type { PyramidModel } from '../pyramid/folder/model-folder.ts';
import { loadTokenizer } from '../text/index.ts';

/** Names of the padded network's inputs, all int64 [B, S]; a family without two token types lacks the last. */
export const PADDED_INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'] as const;

/** Writes `dir` from the model folder `from`. Throws as reading and writing a model folder does. */
export async function writeDenseModel(from: string, dir: string): Promise<void> {
  const model = await readModelFolder(from);
  const { files } = await loadTokenizer(from);
  const { dtype: _, asked: __, forDtype: ___, ...kept } = withoutDial(model.info);
  const info = { ...kept, method: 'bert', exitHead: 'none' as const, prunes: false, tau: null };
  const dense = { ...model, info, heads: new Map(), headSettings: headSettings('none', false), thresholds: null };
  await writeModelFolder(dir, dense, files);
  await mkdir(join(dir, 'onnx'), { recursive: true });
  await writeFile(join(dir, 'onnx', 'model.onnx'), toOnnx(paddedNetwork(model), 'dense', ''));
}

/** `logits` [B, C] from PADDED_INPUTS. */
export function paddedNetwork({ config, parameters }: Pick<PyramidModel, 'config' | 'parameters'>): Graph {
  const g = new Graph();
  const { hiddenSize: d, heads: h, layers } = config;
  const stored = (name: string) => {
    const tensor = parameters.get(name);
    if (!tensor) throw new Error(`internal: the model has no tensor ${name}`);
    return tensor;
  };
  const tensor = (name: string) => g.constant(name, stored(name).data, stored(name).shape);
  /** x Wᵀ (+ b) with W turned beforehand, as exporters do. */
  const linear = (parts: readonly DensePart[], x: Value): Value => {
    const [{ name }] = parts;
    const of = (kind: string) => joined(parts.map((part) => stored(`${part.name}.${kind}`)));
    const { shape, data } = of('weight');
    const [out, inputs] = shape;
    const flipped = new Float32Array(data.length);
    for (let o = 0; o < out; o++) for (let i = 0; i < inputs; i++) flipped[i * out + o] = data[o * inputs + i];
    const product = g.matmul(x, g.constant(`${name}.weight`, flipped, [inputs, out]));
    return hasBias(parts) ? g.add(product, g.constant(`${name}.bias`, of('bias').data, [out])) : product;
  };
  const weights: Weights = Object.assign((name: string) => tensor(name), { dense: linear });

  const [ids, mask, types] = PADDED_INPUTS.slice(0, config.tokenTypes && config.typeVocabularySize > 1 ? 3 : 2).map(
    (name) => g.input(name, 'int64', ['B', 'S']),
  );
  const present = g.cast(mask, 'float32'); // [B, S]
  const bias = g.unsqueeze(g.mul(g.sub(g.scalar(1), present), -1e9), 1, 2); // [B, 1, 1, S]
  const words = g.gather(tensor(WORD_EMBEDDINGS), ids); // [B, S, d]
  const places = { padded: 'S' };
  const relative = relativeBias(g, weights, config, places); // [1, h, S, S]
  let x = embed(g, weights, config, words, g.range('S'), types ?? null); // [B, S, d]
  for (let layer = 0; layer < layers; layer++) {
    const read = beforeAttention(g, weights, config, layer, x); // [B, S, d]
    const turn = paddedTurn(g, config, layer, places);
    const part = (which: 'query' | 'key' | 'value', turns = turn) => {
      const { scale: _, ...one } = attentionPart(config, layer, which);
      const rows = g.reshape(linear([one], read), ['B', 'S', h, d / h]);
      return g.transpose(turns ? turned(g, rows, turns) : rows, [0, 2, 1, 3]); // [B, h, S, d_h]
    };
    const [q, k] = [part('query'), part('key')];
    const products = g.matmul(q, g.transpose(k, [0, 1, 3, 2])); // [B, h, S, S]
    // of parts without their scale, as `linear` writes them
    const contents = config.form.disentangled
      ? g.add(products, distanceLogits(g, weights, config, layer, [q, k], places))
      : products;
    const logits = g.mul(contents, attentionScale(config));
    const distant = relative ? g.add(logits, relative) : logits;
    const near = nearOf(g, config, layer, places); // [1, 1, S, S]
    const mixed = g.matmul(g.softmax(g.add(distant, near ? g.where(near, bias, -1e9) : bias)), part('value', null)); // [B, h, S, d_h]
    const context = g.reshape(g.transpose(mixed, [0, 2, 1, 3]), ['B', 'S', d]);
    x = afterAttention(g, weights, config, layer, context, x); // [B, S, d]
  }
  const row =
    config.form.pooling === 'mean'
      ? meanRow(g, readRows(g, weights, config, x), present, g.sum(present, [1]))
      : readRows(g, weights, config, g.gather(x, g.scalar(0, 'int64'), 1)); // [B, d]
  g.output('logits', classificationHead(g, weights, config, row)); // [B, C]
  return g;
}
