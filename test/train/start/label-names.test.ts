/** Labels whose names mean something to JavaScript, or stand in another order than a checkpoint's. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { realServices } from '../../../src/cli/real-services.ts';
import type { EncoderConfig, Parameters } from '../../../src/encoder/index.ts';
import { readModelFolder, writeModelFolder } from '../../../src/pyramid/folder/disk-model.ts';
import type { Dataset } from '../../../src/text/index.ts';
import type { ClassWeights } from '../../../src/train/options/defaults.ts';
import { labelCounts, labelNotes } from '../../../src/train/start/label-counts.ts';
import { labelWeights } from '../../../src/train/start/label-weights.ts';
import { weightsByLabel } from '../../../src/train/start/weights-by-label.ts';
import { train } from '../../../src/train/train.ts';
import { cli, trainOptions } from '../../cli/fake.ts';
import { randomModel } from '../../support/random-model.ts';
import { scratchDataset, tinyOptions, writeRows } from '../../support/scratch-data.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const odd = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'true', '1', 'a=b'];

const rowsOf = (labels: readonly string[], counts: readonly number[]): Dataset => ({
  name: 'rows',
  labels,
  pairs: false,
  examples: counts.flatMap((count, label) => Array.from({ length: count }, () => ({ text: 'a', label }))),
});

const classWeights = async (...args: string[]): Promise<ClassWeights> => {
  const { options, stderr } = await trainOptions('--train', 'rows.csv', '--out', 'x', ...args);
  if (!options) throw new Error(stderr);
  return options.classWeights;
};

describe('class weights', () => {
  it.each(odd)('are those that were given, for a label called %s', async (label) => {
    const weights = await classWeights('--class-weights', `${label}=2.5`);
    expect(Object.entries(weights)).toEqual([[label, 2.5]]);
    expect(labelWeights(weights, rowsOf([...odd, 'ham'], []))).toEqual([
      ...odd.map((it) => (it === label ? 2.5 : 1)),
      1,
    ]);
    // as training.json keeps them, and as JSON on the command line
    const stored = JSON.stringify(structuredClone(weights));
    expect(Object.entries(await classWeights('--class-weights', stored))).toEqual([[label, 2.5]]);
  });

  it('are 1 for labels of such names that none was given for', () => {
    expect(labelWeights({ ham: 2 }, rowsOf([...odd, 'ham'], []))).toEqual([...odd.map(() => 1), 2]);
  });

  it('come from a configuration file with any keys', async () => {
    const path = join(root, 'run.yaml');
    const yaml = 'classWeights:\n  __proto__: 2\n  constructor: 3\n  1: 4\n  true: 5\n  "a=b": 6\n';
    writeFileSync(path, yaml);
    const weights = await classWeights('--config', path);
    expect(new Map(Object.entries(weights))).toEqual(
      new Map([
        ['1', 4],
        ['__proto__', 2],
        ['constructor', 3],
        ['true', 5],
        ['a=b', 6],
      ]),
    );
  });

  it('are read without the spaces around a name, as labels of rows are, and once a label', async () => {
    expect(await classWeights('--class-weights', 'ham=1, spam = 2')).toEqual({ ham: 1, spam: 2 });
    for (const twice of ['ham=1,ham=2', '{"ham": 1, " ham": 2}', '{', 'null', '=1', 'ham=0', 'ham=1e999'])
      await expect(classWeights('--class-weights', twice)).rejects.toThrow(/--class-weights is/);
  });

  it('name the labels where a weight is for one that no row has', () => {
    expect(() => labelWeights({ toString: 2 } as never, rowsOf(['ham', 'constructor'], []))).toThrow(
      '--class-weights names the label "toString"; the labels are ham, constructor',
    );
  });
});

describe('labels of such names', () => {
  it('are trained on with weights, counted, written and read again', async () => {
    const dataset = { ...scratchDataset({ rows: 40, labels: 2 }), labels: ['__proto__', 'constructor'] };
    const notes: string[] = [];
    const out = join(root, 'odd');
    const rows = writeRows(root, 'odd.csv', dataset);
    const weights = JSON.parse('{"__proto__": 2, "constructor": 1}');
    await train(tinyOptions({ train: rows, out, method: 'bert', classWeights: weights }), (event) => {
      if (event.kind === 'note') notes.push(event.text);
    });
    expect(notes).toContain('labels, with training (and validation) rows: __proto__ 18 (2), constructor 18 (2)');
    const { data } = JSON.parse(readFileSync(join(out, 'training.json'), 'utf8'));
    expect(data.train.labels).toEqual([
      { label: '__proto__', rows: 18 },
      { label: 'constructor', rows: 18 },
    ]);
    expect((await readModelFolder(out)).config.labels).toEqual(['__proto__', 'constructor']);
    const args = ['evaluate', '--model', out, '--test', rows, '--json'];
    const { code, stdout, stderr } = await cli(args, realServices);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout).n).toBe(40);
  });
});

describe('the notes on labels', () => {
  it('is how many rows each has, and which of them training or validation never sees', () => {
    const labels = ['ham', 'spam', 'phish'];
    const train = rowsOf(labels, [3, 0, 2]);
    const validation = rowsOf(labels, [1, 1, 0]);
    expect(labelCounts(train).map(({ rows }) => rows)).toEqual([3, 0, 2]);
    expect(labelNotes({ train, validation })).toEqual([
      'labels, with training (and validation) rows: ham 3 (1), spam 0 (1), phish 2 (0)',
      'no training row has the label spam: it will not be learned',
      'no validation row has the label phish: it will not be evaluated',
    ]);
  });

  it('is short where there are many', () => {
    const labels = Array.from({ length: 500 }, (_, i) => `label ${i} ${'x'.repeat(200)}`);
    const all = rowsOf(
      labels,
      labels.map(() => 1),
    );
    expect(labelNotes({ train: all, validation: all })[0].length).toBeLessThan(1200);
    expect(labelNotes({ train: all, validation: all })[0]).toMatch(/ and 488 more$/);
  });
});

describe("a checkpoint's classifier", () => {
  /** A stored model with these labels, and what training takes of it for rows with others. */
  async function taken(name: string, own: readonly string[], labels: readonly string[]) {
    const { dir, model } = await randomModel(root, name, { seed: 1, kind: 'none', prunes: false, layers: 1 });
    const config: EncoderConfig = { ...model.config, labels: own };
    const width = config.hiddenSize;
    const classifier = (rows: number, columns: number, shape: number[]) => ({
      shape,
      data: Float32Array.from(
        { length: rows * columns },
        (_, i) => 100 * (Math.floor(i / columns) + 1) + (i % columns),
      ),
    });
    const parameters: Parameters = new Map(model.parameters)
      .set('classifier.weight', classifier(own.length, width, [own.length, width]))
      .set('classifier.bias', classifier(own.length, 1, [own.length]));
    await writeModelFolder(dir, { ...model, config, parameters }, {});
    const notes: string[] = [];
    const read = await weightsByLabel(
      dir,
      config,
      labels,
      { seed: 3, fits: true, problemType: config.problemType },
      (event) => {
        if (event.kind === 'note') notes.push(event.text);
      },
    );
    const bias = [...read.parameters.get('classifier.bias')!.data];
    const { shape, data } = read.parameters.get('classifier.weight')!;
    expect(shape).toEqual([labels.length, width]);
    /** The stored row that each row is, 0: none of them. */
    const rows = labels.map((_, i) => {
      const row = data.subarray(i * width, (i + 1) * width);
      const from = Math.floor(row[0] / 100);
      return from > 0 && row.every((value, j) => value === 100 * from + j) ? from : 0;
    });
    expect(bias.map((value) => value / 100)).toEqual(rows);
    return { rows, notes, fresh: read.fresh, data };
  }

  it('gives each label its own row, in any order', async () => {
    const { rows, notes, fresh } = await taken('swapped', ['spam', 'ham'], ['ham', 'spam']);
    expect([rows, notes, fresh]).toEqual([[2, 1], [], []]);
  });

  it('keeps the rows it knows when labels are added or removed, and says which start from new weights', async () => {
    const { rows, notes, fresh } = await taken('partly', ['spam', 'ham', 'news'], ['ham', 'phish', 'spam']);
    expect(rows).toEqual([2, 0, 1]);
    expect(notes).toEqual(["the checkpoint's classifier knows ham, spam; its rows for phish start from new weights"]);
    expect(fresh).toEqual([]);
    expect((await taken('fewer', ['a', 'b', 'c'], ['c', 'a'])).rows).toEqual([3, 1]);
  });

  it('starts from new weights if it knows none of the labels, even if there are as many, and says so', async () => {
    const { rows, notes, fresh, data } = await taken('others', ['spam', 'ham'], ['bad', 'good']);
    expect(rows).toEqual([0, 0]);
    expect(notes).toEqual([
      "the checkpoint has a classifier for spam, ham, but none of the rows' labels: it starts from new weights",
    ]);
    expect(fresh).toEqual(['classifier.weight', 'classifier.bias']);
    expect(data.some((value) => value !== 0)).toBe(true);
  });

  it('of labels without names uses their numbers, in any order of rows', async () => {
    const unnamed = ['LABEL_0', 'LABEL_1', 'LABEL_2'];
    expect((await taken('numbers', unnamed, ['0', '1', '2'])).rows).toEqual([1, 2, 3]);
    expect((await taken('some', unnamed, ['1', '2', '3'])).rows).toEqual([2, 3, 0]);
    expect((await taken('named', ['LABEL_0', 'other'], ['0', 'other'])).rows).toEqual([0, 2]);
  });
});
