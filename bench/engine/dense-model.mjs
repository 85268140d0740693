/**
 * The dense peer's folder: the same weights and words without pruning and exits, as others read it: our own format,
 * Hugging Face's (PyTorch opens it), and `onnx/model.onnx`, the padded network [B, S] as exporters write it
 * (three-dimensional rows, MatMul and Add, one mask).
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Graph, toOnnx } from '../../dist/graph/index.js';
import { readModelFolder, writeModelFolder } from '../../dist/pyramid/disk-model.js';
import { headSettings } from '../../dist/pyramid/heads.js';
import { loadTokenizer } from '../../dist/text/load-tokenizer.js';

/** Writes `dir` from the model folder `from`. */
export async function writeDenseModel(from, dir) {
  const model = await readModelFolder(from);
  const { files } = await loadTokenizer(from);
  const info = { ...model.info, method: 'bert', exitHead: 'none', prunes: false, tau: null };
  const dense = { ...model, info, heads: new Map(), headSettings: headSettings('none', false), thresholds: null };
  await writeModelFolder(dir, dense, files);
  await mkdir(join(dir, 'onnx'), { recursive: true });
  await writeFile(join(dir, 'onnx', 'model.onnx'), toOnnx(padded(model), 'bert', ''));
}

function padded({ config, parameters }) {
  const g = new Graph();
  const { hiddenSize: d, heads: h, layers, layerNormEpsilon: epsilon } = config;
  const tensor = (name) => {
    const { shape, data } = parameters.get(name);
    return g.constant(name, data, shape);
  };
  const linear = (name, x) => {
    const { shape, data } = parameters.get(`${name}.weight`);
    const [out, inputs] = shape;
    const turned = new Float32Array(data.length);
    for (let o = 0; o < out; o++) for (let i = 0; i < inputs; i++) turned[i * out + o] = data[o * inputs + i];
    return g.add(g.matmul(x, g.constant(`${name}.weight`, turned, [inputs, out])), tensor(`${name}.bias`));
  };
  const norm = (name, x) =>
    g.op('LayerNormalization', [x, tensor(`${name}.weight`), tensor(`${name}.bias`)], { epsilon });

  const ids = g.input('input_ids', 'int64', ['B', 'S']);
  const mask = g.input('attention_mask', 'int64', ['B', 'S']);
  const types = g.input('token_type_ids', 'int64', ['B', 'S']);
  const bias = g.unsqueeze(g.mul(g.sub(g.scalar(1), g.cast(mask, 'float32')), -1e9), 1, 2); // [B, 1, 1, S]
  const table = (name, indices) => g.gather(tensor(`bert.embeddings.${name}_embeddings.weight`), indices);
  let x = norm(
    'bert.embeddings.LayerNorm',
    g.add(g.add(table('word', ids), table('token_type', types)), table('position', g.range('S'))),
  ); // [B, S, d]
  for (let layer = 0; layer < layers; layer++) {
    const name = `bert.encoder.layer.${layer}`;
    const part = (which) =>
      g.transpose(g.reshape(linear(`${name}.attention.self.${which}`, x), ['B', 'S', h, d / h]), [0, 2, 1, 3]);
    const logits = g.mul(g.matmul(part('query'), g.transpose(part('key'), [0, 1, 3, 2])), 1 / Math.sqrt(d / h));
    const mixed = g.matmul(g.softmax(g.add(logits, bias)), part('value')); // [B, h, S, d_h]
    const context = g.reshape(g.transpose(mixed, [0, 2, 1, 3]), ['B', 'S', d]);
    x = norm(`${name}.attention.output.LayerNorm`, g.add(linear(`${name}.attention.output.dense`, context), x));
    const inner = g.gelu(linear(`${name}.intermediate.dense`, x));
    x = norm(`${name}.output.LayerNorm`, g.add(linear(`${name}.output.dense`, inner), x));
  }
  const cls = g.gather(x, g.scalar(0, 'int64'), 1); // [B, d]
  const logits = linear('classifier', g.tanh(linear('bert.pooler.dense', cls))); // [B, C]
  g.output('logits', logits);
  return g;
}
