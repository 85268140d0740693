/** Runs on rows with any number of labels, and on rows with a number: from the file to the folder, and the folder in the engine. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import { judge } from '../../src/evaluate/index.ts';
import { runTrace } from '../../src/measure/run-trace.ts';
import { randomStream } from '../../src/random.ts';
import { readExamples } from '../../src/text/index.ts';
import { type GivenTrainOptions, train } from '../../src/train/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const TOPICS = ['bird', 'cat', 'fish'];
const random = randomStream(2, 'targets');
const rows = Array.from({ length: 120 }, () => {
  const labels = TOPICS.filter(() => random.integer(3) === 0);
  const filler = Array.from({ length: 4 }, () => ['the', 'one', 'red', 'far'][random.integer(4)]);
  return { text: random.shuffle([...labels, ...filler]).join(' '), labels, count: labels.length + 0.25 };
});
const file = (name: string, some: readonly object[]) => {
  const path = join(root, name);
  writeFileSync(path, some.map((row) => JSON.stringify(row)).join('\n'));
  return path;
};
const trainFile = file('train.jsonl', rows.slice(0, 90));
const testFile = file('test.jsonl', rows.slice(90));
const sizes: GivenTrainOptions = {
  train: trainFile,
  test: testFile,
  vocabularySize: 100,
  hiddenSize: 16,
  heads: 2,
  layers: 3,
  intermediateSize: 32,
  maxLength: 16,
  batchSize: 10,
  learningRate: 3e-3,
  epochs: { regular: 2, soft: 1, hard: 1, heads: 2 },
  threads: 1,
};
const configOf = (out: string) => JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));

describe('a run on rows with any number of labels', () => {
  test('leaves a folder with thresholds, and the engine answers as the run was judged', async () => {
    const out = join(root, 'several');
    const { metrics } = await train({ ...sizes, label: 'labels', classWeights: 'auto', out });
    const config = configOf(out);
    expect(config).toMatchObject({
      problem_type: 'multi_label_classification',
      id2label: { 0: 'bird', 1: 'cat', 2: 'fish' },
      pyramid: { format: 4, floor: { several: true } },
    });
    expect(config.pyramid.labelThresholds).toHaveLength(3);
    expect(metrics.microF1).toBeGreaterThan(0.9); // floor 0 reads the names
    const pyramid = await Pyramid.load(out, { workers: 1 });
    try {
      const examples = await readExamples(testFile, { label: 'labels', labels: pyramid.labels });
      const trace = await runTrace(pyramid, examples);
      expect(judge(trace, null).microF1).toBeCloseTo(metrics.microF1, 6);
      const right = await pyramid.classify(
        examples.examples.map(({ text }) => text),
        { tau: null },
      );
      const exact = right.filter(({ labels }, i) => labels!.join() === rows[90 + i].labels.join()).length;
      expect(exact / right.length).toBeCloseTo(metrics.accuracy, 6);
      const other = await readExamples(testFile, { label: 'count', problemType: 'regression' });
      await expect(runTrace(pyramid, other)).rejects.toThrow(
        'the rows are for regression, and the model is a multi_label_classification',
      );
    } finally {
      await pyramid.close();
    }
  });

  test('may be of floor 0 alone', async () => {
    const out = join(root, 'linear');
    const { metrics } = await train({ ...sizes, label: 'labels', method: 'linear', out });
    expect(metrics.microF1).toBeGreaterThan(0.9);
    expect(configOf(out).problem_type).toBe('multi_label_classification');
  });
});

describe('a run on rows with a number', () => {
  const number: GivenTrainOptions = { ...sizes, label: 'count', problemType: 'regression' };

  test('leaves a folder with the spread that its exits agree by, and no floor 0', async () => {
    const out = join(root, 'number');
    // without pruning: a token at its threshold may go either way by rounding, and a number shows it
    const how: GivenTrainOptions = { ...number, method: 'fastbert', out };
    const { metrics } = await train(how);
    const { pyramid, problem_type, id2label } = configOf(out);
    expect({ problem_type, id2label }).toEqual({ problem_type: 'regression', id2label: { 0: 'count' } });
    expect(pyramid.valueSpread).toBeGreaterThan(0.5);
    expect(pyramid).not.toHaveProperty('floor');
    expect(metrics).not.toHaveProperty('accuracy');
    const model = await Pyramid.load(out, { workers: 1 });
    try {
      const examples = await readExamples(testFile, {
        label: 'count',
        labels: model.labels,
        problemType: 'regression',
      });
      const summary = judge(await runTrace(model, examples), null);
      expect(summary.meanSquaredError).toBeCloseTo(metrics.meanSquaredError, 5);
      // answers that hardly differ yet: a correlation makes their rounding larger
      expect(summary.pearson).toBeCloseTo(metrics.pearson, 2);
    } finally {
      await model.close();
    }
  });

  test('begins at their mean in the classifier and in each exit head, however far that is from 0', async () => {
    const far = file(
      'far.jsonl',
      rows.map(({ text, count }) => ({ text, count: count + 50 })),
    );
    const out = join(root, 'far');
    const epochs = { regular: 1, soft: 0, hard: 0, heads: 1 };
    const how: GivenTrainOptions = { ...number, train: far, method: 'fastbert', learningRate: 1e-6, epochs, out };
    delete (how as { test?: unknown }).test;
    const { metrics } = await train(how);
    expect(metrics.r2).toBeGreaterThan(-0.3); // from 0 it would be about −2,500
    const model = await Pyramid.load(out, { workers: 1 });
    try {
      const [{ logits }] = await model.trace([rows[0].text]);
      expect(logits).toHaveLength(3);
      for (const [value] of logits) expect(Math.abs(value - 51.25)).toBeLessThan(1);
    } finally {
      await model.close();
    }
  });

  test.each<[GivenTrainOptions, string]>([
    [{ method: 'linear' }, 'the rows have numbers, and floor 0 answers with labels; give a method with a network'],
    [{ floor: 'apart' }, 'the rows have numbers, and floor 0 answers with labels; leave floor out'],
    [{ calibrationShare: 0.2 }, 'no rows can certify tau; leave calibrationShare out'],
    [{ classWeights: 'auto' }, 'classWeights was given, and the rows have numbers'],
  ])('is refused with %j', async (wrong, message) => {
    await expect(train({ ...number, ...wrong, out: join(root, 'wrong') })).rejects.toThrow(message);
  });
});
