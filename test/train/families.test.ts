/**
 * Every method trains a network of each family, and what it writes answers in the engine as in
 * the graph that training judges with. BERT and DistilBERT are trained
 * elsewhere.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FamilyName } from '../../src/encoder/index.ts';
import { readModelFolder } from '../../src/pyramid/folder/disk-model.ts';
import { argmax } from '../../src/pyramid/logits.ts';
import { loadTokenizer, trainWordPiece } from '../../src/text/index.ts';
import { train } from '../../src/train/index.ts';
import type { MethodName } from '../../src/train/options/defaults.ts';
import { Tracer } from '../../src/train/trace/tracer.ts';
import { compile } from '../support/cpu.ts';
import { InThreadEngine } from '../support/in-thread-engine.ts';
import { DEBERTA, randomModel } from '../support/random-model.ts';
import { scratchDataset, writeRows } from '../support/scratch-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const dataset = scratchDataset({ rows: 48 });
const rows = writeRows(root, 'rows.csv', dataset);
const texts = dataset.examples.map(({ text }) => text);
const LAYERS = 3;

const families: readonly [FamilyName, Readonly<Record<string, unknown>>, string][] = [
  ['deberta-v2', DEBERTA, 'bert.encoder.rel_embeddings.weight'],
  ['electra', { embedding_size: 12 }, 'bert.embeddings_project.weight'],
  // a window of 4 tokens on each side, so that it matters in short texts
  ['modernbert', { local_attention: 8, pad_token_id: 0 }, 'bert.encoder.LayerNorm.weight'],
  [
    'modernbert',
    { classifier_pooling: 'mean', attention_bias: true, pad_token_id: 0 },
    'bert.encoder.layer.0.attention.self.key.bias',
  ],
  ['mpnet', {}, 'bert.encoder.relative_attention_bias.weight'],
  ['roberta', { type_vocab_size: 1 }, 'bert.embeddings.token_type_embeddings.weight'],
  ['xlm-roberta', { type_vocab_size: 1 }, 'bert.embeddings.position_embeddings.weight'],
];
const methods = ['bert', 'distilbert', 'ltp', 'fastbert', 'mp'] as const satisfies readonly MethodName[];
const cases = families.flatMap(([family, more, own]) =>
  // XLM-RoBERTa is RoBERTa under another name; what reads the mean is ModernBERT but for the last layer
  (family === 'xlm-roberta' || 'classifier_pooling' in more ? (['mp'] as const) : methods).map((method) => ({
    family,
    more,
    own,
    method,
  })),
);

test.each(cases)('$family is trained by the method $method, and the engine answers as the trace', async (options) => {
  const { family, more, own, method } = options;
  const tokenizer = trainWordPiece(texts, { vocabularySize: 120 });
  const start = await randomModel(root, `${family}-${method}-${Object.keys(more).length}-start`, {
    ...{ family, more, seed: 5, kind: 'none', prunes: false, layers: LAYERS, hiddenSize: 16, tokenizer, maxLength: 24 },
    labels: dataset.labels,
  });
  const { out } = await train({
    train: rows,
    method,
    model: start.dir,
    maxLength: 24,
    batchSize: 8,
    epochs: { regular: 1, soft: 1, hard: 1, heads: 1 },
    learningRate: 1e-3,
    threads: 1,
    out: join(root, `${family}-${method}-${Object.keys(more).length}`),
    ...((method === 'mp' || method === 'fastbert') && { floor: 'none' }),
  });
  const model = await readModelFolder(out);
  expect(model.config).toMatchObject({ family, layers: method === 'distilbert' ? 2 : LAYERS });
  expect(model.parameters.get(own)!.data).not.toEqual(start.model.parameters.get(own)!.data); // it learned too

  const words = await loadTokenizer(out);
  const encodings = texts.map((text) => words.encode(text, undefined, 24));
  const tracer = await Tracer.create(model, model.info.prunes ? 'hard' : 'none', compile);
  const judged = await tracer.trace({
    encodings,
    labels: texts.map(() => 0),
    lengths: Int32Array.from(encodings, ({ ids }) => ids.length),
    truncated: 0,
  });
  await tracer.close();
  const engine = await InThreadEngine.create(model);
  await engine.run([encodings.map((encoding) => ({ encoding, rule: { tau: null, trace: true } }))]);
  await engine.close();
  expect(engine.errors).toEqual([]);
  judged.forEach(({ tokens, logits }, id) => {
    const found = engine.outcomes.get(id)!;
    expect(found.tokens).toEqual(tokens);
    expect(found.logits.map(argmax)).toEqual(logits.map(argmax));
    const expected = logits.flat();
    expect(found.logits.flat()).toHaveLength(expected.length);
    found.logits.flat().forEach((value, at) => {
      expect(Math.abs(value - expected[at])).toBeLessThan(1e-4);
    });
  });
});
