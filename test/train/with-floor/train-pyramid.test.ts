/** Floor 0 in a run: learned after the last stage, summed, stored; and a run of nothing else. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { Floor } from '../../../src/pyramid/floor/index.ts';
import { readModelFolder } from '../../../src/pyramid/folder/disk-model.ts';
import { loadTokenizer } from '../../../src/text/index.ts';
import type { TrainEvent } from '../../../src/train/events.ts';
import { type GivenTrainOptions, train } from '../../../src/train/index.ts';
import { scratchDataset, tinyOptions, writeRows } from '../../support/scratch-data.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const rows = writeRows(root, 'rows.csv', scratchDataset({ rows: 300, labels: 3 }));
const test3 = writeRows(root, 'test.csv', scratchDataset({ rows: 90, labels: 3, seed: 2 }));
const run = (name: string, given: GivenTrainOptions = {}, events: TrainEvent[] = [], signal?: AbortSignal) =>
  train(
    { ...tinyOptions({ train: rows, test: test3, method: 'mp', out: join(root, name), ...given }) },
    (event) => events.push(event),
    signal,
  );
const recordOf = (name: string) => JSON.parse(readFileSync(join(root, name, 'training.json'), 'utf8'));
const cardOf = (name: string) => readFileSync(join(root, name, 'README.md'), 'utf8');
const notes = (events: readonly TrainEvent[]) => events.flatMap((event) => (event.kind === 'note' ? [event.text] : []));

describe('mp', () => {
  const events: TrainEvent[] = [];
  beforeAll(async () => {
    await run('floor', {}, events);
    await run('none', { floor: 'none' });
  });

  test('stores floor 0 beside a network that is the same without it', async () => {
    const [withFloor, without] = await Promise.all(['floor', 'none'].map((name) => readModelFolder(join(root, name))));
    expect(without.floor).toBeNull();
    for (const { info, config } of [withFloor, without]) {
      expect(info.format).toBe(3);
      expect(info.exitTemperatures).toHaveLength(config.layers);
      expect(new Set(info.exitTemperatures).size).toBeGreaterThan(1);
    }
    expect(withFloor.floor!.info).toMatchObject({ labels: 3, pairs: false, maxTokens: 1024 });
    for (const [name, { data }] of without.parameters) expect(withFloor.parameters.get(name)!.data).toEqual(data);
    for (const [name, { data }] of without.heads) expect(withFloor.heads.get(name)!.data).toEqual(data);
  });

  test("has no temperatures with the paper's exits, and the format of a model before there were any", async () => {
    await run('paper', { floor: 'none', exitHead: 'cls', exitTraining: 'frozen' });
    const { info } = await readModelFolder(join(root, 'paper'));
    expect(cardOf('paper')).not.toContain('temperature for each exit');
    expect(cardOf('none')).toContain('Its scores have a temperature for each exit');
    expect(info).not.toHaveProperty('exitTemperatures');
    expect(info.format).toBe(1);
  });

  test('says what floor 0 is, how it is summed, and that other programs see the network alone', () => {
    const { floor, options } = recordOf('floor');
    expect(options.floor).toBe('auto');
    expect(floor).toMatchObject({ rows: 270, unlabelled: 0, solver: 'l-bfgs', apart: false });
    expect(floor.logLoss.chosen).toBeLessThanOrEqual(floor.logLoss.network);
    expect(cardOf('floor')).toContain(`strength ${floor.strength}, learned from 270 rows`);
    expect(cardOf('floor')).toContain(`w = ${floor.sum.weight}`);
    expect(cardOf('floor')).toContain('**Other programs that open this folder see the network alone**');
    expect(cardOf('none')).not.toContain('Floor 0');
    expect(recordOf('none')).not.toHaveProperty('floor');
    expect(notes(events).at(-1)).toMatch(/^floor 0 has learned from 270 rows in [\d.]+ s \(strength .*w = /);
  });

  test('tells of its progress after the last stage, phase by phase', () => {
    const phases = events.flatMap((event) => (event.kind === 'floor' ? [event.phase] : []));
    expect([...new Set(phases)]).toEqual(['tokens', 'features', 'strength', 'weights']);
    const last = events.map(({ kind }) => kind).lastIndexOf('epoch');
    expect(events.findIndex(({ kind }) => kind === 'floor')).toBeGreaterThan(last);
  });

  test('learns the labels of these rows from their words', async () => {
    const { floor } = await readModelFolder(join(root, 'floor'));
    const tokenizer = await loadTokenizer(join(root, 'floor'));
    const own = new Floor(floor!);
    const { examples } = scratchDataset({ rows: 90, labels: 3, seed: 2 });
    const right = examples.filter(({ text, label }) => {
      const z0 = own.logits(tokenizer.encode(text, undefined, 1000).ids)!;
      return z0.indexOf(Math.max(...z0)) === label;
    });
    expect(right.length).toBeGreaterThan(70);
  });

  test('adds it to no other exit where it is to stand apart', async () => {
    await run('apart', { floor: 'apart' });
    expect((await readModelFolder(join(root, 'apart'))).floor!.info.sum).toEqual({ weight: 0, priorShare: 0 });
    expect(cardOf('apart')).toContain('is added to no other exit.');
  });

  test('is stopped while it learns floor 0, with a checkpoint that is resumed to the same floor', async () => {
    const stop = new AbortController();
    const seen: TrainEvent[] = [];
    const stopped = train(
      tinyOptions({ train: rows, test: test3, method: 'mp', out: join(root, 'stopped') }),
      (event) => {
        seen.push(event);
        if (event.kind === 'floor' && event.phase === 'strength') stop.abort();
      },
      stop.signal,
    );
    await expect(stopped).rejects.toMatchObject({ code: 'MP_TRAIN_STOPPED', details: { stage: 'floor' } });
    expect(existsSync(join(root, 'stopped', 'config.json'))).toBe(false);
    const after: TrainEvent[] = [];
    await run('stopped', { resume: true }, after);
    expect(after.some(({ kind }) => kind === 'step')).toBe(false);
    const weights = (name: string) => readFileSync(join(root, name, 'floor.safetensors'));
    expect(weights('stopped').equals(weights('floor'))).toBe(true);
  });
});

describe('linear', () => {
  test('is floor 0 alone: a small folder without a network, with figures', async () => {
    const result = await run('linear', { method: 'linear' });
    expect(readdirSync(join(root, 'linear'))).toContain('floor.safetensors');
    expect(existsSync(join(root, 'linear', 'model.safetensors'))).toBe(false);
    const bytes = readdirSync(join(root, 'linear')).map((name) => statSync(join(root, 'linear', name)).size);
    expect(bytes.reduce((a, b) => a + b)).toBeLessThan(1e6);
    expect(result.tau).toBeNull();
    expect(result.metrics.accuracy).toBeGreaterThan(0.75);
    expect(result.metrics).not.toHaveProperty('speedupPaper');
    const model = await readModelFolder(join(root, 'linear'));
    expect(model.config.layers).toBe(0);
    expect(model.info.method).toBe('linear');
    expect(recordOf('linear').floor).toMatchObject({ rows: 270, logLoss: null });
    // its training rows have left memory by then
    expect(recordOf('linear').data).toEqual(recordOf('floor').data);
    expect(cardOf('linear')).toContain('on 270 rows of rows.csv');
    expect(cardOf('linear')).toContain('there is no network');
    expect(cardOf('linear')).not.toContain('transformers');
  });

  test('takes the tokeniser alone from a model folder', async () => {
    await run('from', { method: 'linear', model: join(root, 'none'), hiddenSize: 128 });
    expect(readFileSync(join(root, 'from', 'tokenizer.json'))).toEqual(
      readFileSync(join(root, 'none', 'tokenizer.json')),
    );
  });

  test('learns from pairs, and from fewer rows than a batch', async () => {
    const pairs = writeRows(root, 'pairs.csv', scratchDataset({ rows: 30, pairs: true }));
    await run('pairs', { method: 'linear', train: pairs, test: null, batchSize: 64 });
    expect((await readModelFolder(join(root, 'pairs'))).floor!.overlap).not.toBeNull();
  });

  test('cannot be had without floor 0', async () => {
    expect(() => tinyOptions({ method: 'linear', floor: 'none' })).toThrow(
      'method linear is floor 0 alone, and floor none was given; leave one of them out',
    );
  });
});

test.each(['bert', 'fastbert'] as const)('%s has no floor 0', async (method) => {
  await run(method, { method });
  expect((await readModelFolder(join(root, method))).floor).toBeNull();
});
