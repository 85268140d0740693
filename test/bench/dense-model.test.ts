import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { paddedNetwork, writeDenseModel } from '../../src/bench/dense-model.ts';
import { initialise, parameterShapes, parseConfig } from '../../src/encoder/index.ts';
import { Pyramid } from '../../src/engine/index.ts';
import { loadTokenizer } from '../../src/text/index.ts';
import { MAX_LENGTH, randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();

describe('the dense model', () => {
  test('is the same network in our folder, without heads and pruning, and padded, as others run it', async () => {
    const { dir } = await randomModel(root, 'mp', { seed: 3, kind: 'pooled', prunes: true, tau: 0.5, pairs: true });
    const dense = join(root, 'dense');
    await writeDenseModel(dir, dense);
    const pyramid = await Pyramid.load(dense, { workers: 1 });
    expect(pyramid.info).toMatchObject({ method: 'bert', exitHead: 'none', prunes: false, tau: null });
    const texts = randomTexts(4, 12);
    const inputs = texts.map((text, i) => (i % 2 === 0 ? text : { text, pair: texts[i - 1] }));
    const traced = await pyramid.trace(inputs);
    await pyramid.close();

    const tokenizer = await loadTokenizer(dense);
    const encoded = inputs.map((input) =>
      typeof input === 'string'
        ? tokenizer.encode(input, undefined, MAX_LENGTH)
        : tokenizer.encode(input.text, input.pair, MAX_LENGTH),
    );
    const padded = Math.max(...encoded.map(({ ids }) => ids.length));
    const tensor = (value: (encoding: (typeof encoded)[number], at: number) => number) => {
      const values = encoded.flatMap((one) => Array.from({ length: padded }, (_, at) => BigInt(value(one, at))));
      return new ort.Tensor('int64', BigInt64Array.from(values), [encoded.length, padded]);
    };
    const session = await ort.InferenceSession.create(join(dense, 'onnx', 'model.onnx'));
    const { logits } = await session.run({
      input_ids: tensor(({ ids }, at) => ids[at] ?? 0),
      attention_mask: tensor(({ ids }, at) => Number(at < ids.length)),
      token_type_ids: tensor(({ types }, at) => types[at] ?? 0),
    });
    await session.release();
    const rows = traced.map(({ logits: layers }) => layers.at(-1)!);
    rows.flat().forEach((value, i) => {
      expect(Math.abs(value - (logits.data as Float32Array)[i])).toBeLessThan(1e-5); // float32 sums in another order
    });
    expect(Math.max(...rows.flat().map(Math.abs))).toBeGreaterThan(0.1);
  });

  test('of a family without token types has no input for them', () => {
    const raw = { model_type: 'distilbert', vocab_size: 20, dim: 8, n_layers: 1, n_heads: 2, hidden_dim: 16 };
    const config = parseConfig({ ...raw, max_position_embeddings: 8, id2label: { 0: 'a', 1: 'b' } }, 'distilbert');
    const parameters = new Map(
      [...parameterShapes(config)].map(([name, shape]) => [name, initialise(name, shape, 1, 0.1)]),
    );
    const g = paddedNetwork({ config, parameters });
    expect(g.inputs.map(({ name }) => name)).toEqual(['input_ids', 'attention_mask']);
  });
});
