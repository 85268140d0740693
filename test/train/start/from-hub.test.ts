/** Training, judging and answering with a model and data that are named and come from a hub on this machine. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  initialise,
  parameterShapes,
  parseConfig,
  readSafetensors,
  underOwnNames,
} from '../../../src/encoder/index.ts';
import { Pyramid } from '../../../src/engine/index.ts';
import type { DownloadProgress } from '../../../src/hub/index.ts';
import { tokenizerFromFiles, trainWordPiece } from '../../../src/text/index.ts';
import { TASKS } from '../../../src/text/tasks.ts';
import type { TrainEvent } from '../../../src/train/events.ts';
import { train } from '../../../src/train/train.ts';
import { cli } from '../../cli/fake.ts';
import { HubServer } from '../../support/hub-server.ts';
import { randomLinearModel } from '../../support/random-model.ts';
import { fileOf } from '../../support/safetensors-bytes.ts';
import { scratchDataset, tinyOptions } from '../../support/scratch-data.ts';
import { taskParquet } from '../../support/task-parquet.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const server = await HubServer.start();
const root = temporaryFolder();
const rows = scratchDataset({ rows: 80, pairs: true });
const held = scratchDataset({ rows: 24, pairs: true, seed: 2 });
const { hub } = TASKS.rte;
server.datasets.set(hub.name, {
  files: {
    'README.md': '---\n---\n',
    'rte/train-00000-of-00002.parquet': taskParquet(hub, { ...rows, examples: rows.examples.slice(0, 50) }, true),
    'rte/train-00001-of-00002.parquet': taskParquet(hub, { ...rows, examples: rows.examples.slice(50) }, true),
    'rte/validation-00000-of-00001.parquet': taskParquet(hub, held, true),
    'rte/test-00000-of-00001.parquet': taskParquet(hub, held, true),
    'mrpc/train-00000-of-00001.parquet': new Uint8Array(5000),
  },
});

/** A bare DistilBERT, as pretraining leaves it. */
const words = trainWordPiece(
  rows.examples.flatMap(({ text, pair }) => [text, pair!]),
  { vocabularySize: 200 },
);
const said = {
  model_type: 'distilbert',
  architectures: ['DistilBertForMaskedLM'],
  vocab_size: tokenizerFromFiles(words).vocabularySize,
  dim: 16,
  n_layers: 3,
  n_heads: 2,
  hidden_dim: 32,
  max_position_embeddings: 32,
  sinusoidal_pos_embds: false,
};
const config = parseConfig(said, 'config.json');
const backbone = [...parameterShapes(config)].filter(([name]) => /embeddings|encoder/.test(name));
const tensors = underOwnNames(
  config,
  new Map(backbone.map(([name, shape]) => [name, initialise(name, shape, 1, 0.1)] as const)),
);
server.models.set('org/tiny', {
  files: {
    ...words,
    'config.json': JSON.stringify(said),
    'model.safetensors': fileOf(
      Object.fromEntries(
        [...tensors].map(([name, { shape, data }]) => [name, { dtype: 'F32', shape: [...shape], data }]),
      ),
    ),
  },
});

beforeAll(() => {
  vi.stubEnv('HF_ENDPOINT', server.endpoint);
  vi.stubEnv('HF_HOME', join(root, 'home'));
  for (const name of ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_TOKEN', 'HF_HUB_OFFLINE'])
    vi.stubEnv(name, undefined);
});
afterAll(() => vi.unstubAllEnvs());

const out = join(root, 'out');
const options = (more = {}) =>
  tinyOptions({ model: 'org/tiny', task: 'rte', train: undefined, method: 'mp', out, ...more });

describe('a model and a task by name', () => {
  test('are downloaded, trained on and evaluated on GLUE’s validation rows', async () => {
    const events: TrainEvent[] = [];
    await train(options(), (event) => events.push(event));
    const whole = events.filter((event) => event.kind === 'download' && event.received === event.total);
    expect(whole.map((event) => event.kind === 'download' && event.name)).toEqual([hub.name, hub.name, 'org/tiny']);
    expect(events).toContainEqual({
      kind: 'note',
      text: 'new weights, drawn from the seed: bert.pooler.dense.weight, bert.pooler.dense.bias, classifier.weight, classifier.bias',
    });
    const asked = new Set(
      server.bodies('').map(({ url }) =>
        decodeURIComponent(url)
          .split(/[/?]/)
          .find((part) => part.includes('.')),
      ),
    );
    expect([...asked].filter((name) => name!.includes('parquet')).sort()).toEqual([
      'train-00000-of-00002.parquet',
      'train-00001-of-00002.parquet',
      'validation-00000-of-00001.parquet',
    ]);
    const { data } = JSON.parse(readFileSync(join(out, 'training.json'), 'utf8'));
    expect(data).toMatchObject({ train: { rows: 72 }, validation: { rows: 8 }, test: { rows: 24 } });
  });

  test('give a model under DistilBERT’s own names, plus our parts', async () => {
    const written = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
    expect(written).toMatchObject({
      ...said,
      architectures: ['DistilBertForSequenceClassification'],
      id2label: { 0: 'entailment' },
    });
    expect(written).not.toHaveProperty('hidden_size');
    const stored = await readSafetensors(join(out, 'model.safetensors'));
    expect([...stored.keys()]).toEqual(
      expect.arrayContaining([...tensors.keys(), 'pre_classifier.weight', 'pyramid.thresholds']),
    );
    expect([...stored.keys()].filter((name) => name.startsWith('bert.'))).toEqual([]);
    const name = 'distilbert.transformer.layer.2.ffn.lin1.weight';
    expect(stored.get(name)!.data).not.toEqual(tensors.get(name)!.data); // it was trained
  });

  test('serve evaluate from the cache, without a network', async () => {
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    server.seen = [];
    try {
      const { realServices } = await import('../../../src/cli/real-services.ts');
      const { code, stdout, stderr } = await cli(['evaluate', '--model', out, '--task', 'rte', '--json'], realServices);
      expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
      // the engine, layer by layer, judges as training did, in one graph
      const { metrics } = JSON.parse(readFileSync(join(out, 'training.json'), 'utf8'));
      const { accuracyAtTau = metrics.accuracy, speedupPaper = null, speedupActual, meanExit } = metrics;
      expect(JSON.parse(stdout)).toMatchObject({
        n: 24,
        accuracy: accuracyAtTau,
        speedup: { paper: speedupPaper, actual: speedupActual },
        meanExit,
      });
      expect(server.seen).toEqual([]);
    } finally {
      vi.stubEnv('HF_HUB_OFFLINE', undefined);
    }
  });

  test('serve the library, which loads a model by its name', async () => {
    const files = Object.fromEntries(
      readdirSync(out).map((name) => [name, new Uint8Array(readFileSync(join(out, name)))]),
    );
    server.models.set('org/trained', { files });
    const progress: DownloadProgress[] = [];
    const named = await Pyramid.load('org/trained', { workers: 1, onProgress: (event) => progress.push(event) });
    const onDisk = await Pyramid.load(out, { workers: 1 });
    try {
      const pairs = held.examples.map(({ text, pair }) => ({ text, pair: pair! }));
      expect(await named.classify(pairs)).toEqual(await onDisk.classify(pairs));
      expect(progress.at(-1)).toMatchObject({ name: 'org/trained', received: progress.at(-1)!.total });
    } finally {
      await named.close();
      await onDisk.close();
    }
  });

  test('serve the library without a network too: floor 0 and its tokeniser are all that is fetched', async () => {
    const { dir } = await randomLinearModel(root, 'linear', { seed: 1 });
    const files = Object.fromEntries(
      readdirSync(dir).map((name) => [name, new Uint8Array(readFileSync(join(dir, name)))]),
    );
    server.models.set('org/linear', { files });
    await using named = await Pyramid.load('org/linear', { workers: 1 });
    await using onDisk = await Pyramid.load(dir, { workers: 1 });
    expect(await named.classify(['w1 w2', 'w3'])).toEqual(await onDisk.classify(['w1 w2', 'w3']));
  });

  test('that the hub does not have are said to be missing, before anything is trained', async () => {
    await expect(train(options({ model: 'org/absent', out: join(root, 'no') }), () => {})).rejects.toMatchObject({
      code: 'MP_HUB_ACCESS',
    });
    await expect(train(options({ task: 'qqp', out: join(root, 'no') }), () => {})).rejects.toThrow(
      'nyu-mll/glue: the data set has no parquet files qqp/train-…',
    );
    await expect(train(options({ task: 'mrpc', out: join(root, 'no') }), () => {})).rejects.toMatchObject({
      code: 'MP_DATA_FILE',
    });
  });
});
