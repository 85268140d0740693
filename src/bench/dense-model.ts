/**
 * The dense model's folder: the same weights and words without pruning and exits, as others read it: our own format,
 * Hugging Face's (PyTorch opens it), and `onnx/model.onnx`, the padded network [B, S] as exporters write it
 * (three-dimensional rows, MatMul and Add, one mask).
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  afterAttention,
  classificationHead,
  type DensePart,
  embed,
  relativeBias,
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
  /** x Wᵀ + b with W turned beforehand, as exporters do. */
  const linear = (name: string, x: Value): Value => {
    const { shape, data } = stored(`${name}.weight`);
    const [out, inputs] = shape;
    const turned = new Float32Array(data.length);
    for (let o = 0; o < out; o++) for (let i = 0; i < inputs; i++) turned[i * out + o] = data[o * inputs + i];
    return g.add(g.matmul(x, g.constant(`${name}.weight`, turned, [inputs, out])), tensor(`${name}.bias`));
  };
  const weights: Weights = Object.assign((name: string) => tensor(name), {
    dense: ([{ name }]: readonly DensePart[], x: Value) => linear(name, x),
  });

  const [ids, mask, types] = PADDED_INPUTS.slice(0, config.tokenTypes && config.typeVocabularySize > 1 ? 3 : 2).map(
    (name) => g.input(name, 'int64', ['B', 'S']),
  );
  const bias = g.unsqueeze(g.mul(g.sub(g.scalar(1), g.cast(mask, 'float32')), -1e9), 1, 2); // [B, 1, 1, S]
  const words = g.gather(tensor(WORD_EMBEDDINGS), ids); // [B, S, d]
  const relative = relativeBias(g, weights, config, { padded: 'S' }); // [1, h, S, S]
  let x = embed(g, weights, config, words, g.range('S'), types ?? null); // [B, S, d]
  for (let layer = 0; layer < layers; layer++) {
    const name = `bert.encoder.layer.${layer}`;
    const part = (which: string) =>
      g.transpose(g.reshape(linear(`${name}.attention.self.${which}`, x), ['B', 'S', h, d / h]), [0, 2, 1, 3]);
    const logits = g.mul(g.matmul(part('query'), g.transpose(part('key'), [0, 1, 3, 2])), 1 / Math.sqrt(d / h));
    const near = relative ? g.add(logits, relative) : logits;
    const mixed = g.matmul(g.softmax(g.add(near, bias)), part('value')); // [B, h, S, d_h]
    const context = g.reshape(g.transpose(mixed, [0, 2, 1, 3]), ['B', 'S', d]);
    x = afterAttention(g, weights, config, layer, context, x); // [B, S, d]
  }
  const cls = g.gather(x, g.scalar(0, 'int64'), 1); // [B, d]
  g.output('logits', classificationHead(g, weights, config, cls)); // [B, C]
  return g;
}
