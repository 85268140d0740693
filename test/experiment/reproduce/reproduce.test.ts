import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  initialise,
  parameterShapes,
  parseConfig,
  readSafetensors,
  underOwnNames,
  writeSafetensors,
} from '../../../src/encoder/index.ts';
import { Pyramid } from '../../../src/engine/index.ts';
import { judge, readTrace } from '../../../src/evaluate/index.ts';
import { type ReproduceOptions, type ReproduceResult, reproduce } from '../../../src/experiment/reproduce/reproduce.ts';
import type { StoredResult } from '../../../src/experiment/stored-result.ts';
import { wordPieceFiles } from '../../../src/text/tokenizer/wordpiece-files.ts';
import type { TrainEvent } from '../../../src/train/events.ts';
import { WORDS } from '../../support/random-model.ts';
import { tinyTraining, writeScratchTasks } from '../../support/scratch-tasks.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const dataDir = join(folder, 'data');
const out = join(folder, 'runs');
const methods = ['mp+', 'bert', 'distilbert', 'ltp', 'mp'];

async function run(given: Partial<ReproduceOptions> = {}): Promise<ReproduceResult & { events: TrainEvent[] }> {
  const events: TrainEvent[] = [];
  const result = await reproduce(
    {
      // there are no files of rte
      tasks: ['ag_news', 'rte', 'mrpc'],
      methods,
      out,
      limit: null,
      testLimit: { mrpc: 20 },
      seeds: 1,
      seed: 0,
      maxDrop: 0.2,
      by: 'actual',
      confidence: 0.95,
      distilbertModel: null,
      resume: false,
      training: { ...tinyTraining, dataDir },
      ...given,
    },
    (event) => events.push(event),
  );
  return { ...result, events };
}

const stagesOf = (events: readonly TrainEvent[]) =>
  events.flatMap((event) => (event.kind === 'stage' ? [`${event.method.split(', ').at(-1)} ${event.stage}`] : []));
const resultOf = (task: string, method: string, seed = 0, where = out) =>
  JSON.parse(readFileSync(join(where, task, method, `seed-${seed}`, 'result.json'), 'utf8')) as StoredResult;

let first: Awaited<ReturnType<typeof run>>;
beforeAll(async () => {
  // of 120 rows 12 are validation rows, enough for methods to differ on them
  writeScratchTasks(dataDir, { train: 120 });
  first = await run();
});

describe('reproduce', () => {
  it('gives one row per task and method, plain BERT first, and marks failures with their reason', () => {
    const order = ['bert', 'mp+', 'distilbert', 'ltp', 'mp'];
    expect(first.rows.map(({ task, method }) => `${task} ${method}`)).toEqual(
      ['ag_news', 'rte', 'mrpc'].flatMap((task) => order.map((method) => `${task} ${method}`)),
    );
    for (const { task, failed, accuracy, msPerText } of first.rows) {
      if (task === 'rte') expect([accuracy, failed]).toEqual([null, expect.stringMatching(/rte.*no such file/)]);
      else expect([failed, accuracy! > 0, msPerText! > 0]).toEqual([undefined, true, true]);
    }
    expect(first.failed).toBe(order.length);
  });

  it('trains stages that methods share once, and leaves no state of them behind', () => {
    const stages = stagesOf(first.events);
    // of two tasks
    const times = (name: string) => stages.filter((stage) => stage === name).length;
    for (const once of ['bert regular', 'mp+ soft', 'ltp soft', 'ltp hard', 'mp heads']) expect(times(once)).toBe(2);
    // heads join in the soft stage, fitted to the regular one, which is plain BERT's
    expect([times('mp+ regular'), times('mp+ heads')]).toEqual([0, 4]);
    expect(stages.filter((stage) => /^(mp soft|mp hard|ltp regular|distilbert's teacher)/.test(stage))).toEqual([]);
    expect(readdirSync(join(out, 'ag_news')).sort()).toEqual(['bert', 'distilbert', 'ltp', 'mp', 'mp-plus']);
  });

  it('estimates the time before it begins to train', () => {
    const estimate = first.events.findIndex((e) => e.kind === 'note' && /10 of them left: about \d+ min/.test(e.text));
    expect(estimate).toBeGreaterThanOrEqual(0);
    expect(first.events.findIndex(({ kind }) => kind === 'stage')).toBeGreaterThan(estimate);
  });

  it('counts the drop of a method from plain BERT on the validation rows', async () => {
    let others = 0;
    for (const task of ['ag_news', 'mrpc']) {
      const { baseline } = resultOf(task, 'bert');
      for (const method of ['distilbert', 'ltp', 'mp', 'mp-plus']) {
        const result = resultOf(task, method);
        expect(result.baseline).toBe(baseline);
        if (result.tau !== null) expect(result.validation.accuracy).toBeGreaterThanOrEqual(baseline - 0.2 - 1e-9);
        const trace = await readTrace(join(out, task, method, 'seed-0', 'validation.trace.jsonl'));
        if (judge(trace, null).accuracy !== baseline) others++;
      }
    }
    expect(others, 'methods whose own accuracy is another').toBeGreaterThan(0);
  });

  it('leaves a model that answers as its traces say, and no checkpoint', async () => {
    const runFolder = join(out, 'mrpc', 'mp-plus', 'seed-0');
    expect(readdirSync(runFolder).sort()).toEqual(
      ['model', 'result.json', 'test.trace.jsonl', 'test.trace.jsonl.meta.json'].concat([
        'validation.trace.jsonl',
        'validation.trace.jsonl.meta.json',
      ]),
    );
    const trace = await readTrace(join(runFolder, 'test.trace.jsonl'));
    expect(trace).toMatchObject({ headKind: 'aligned', pairs: true });
    expect(trace.entries).toHaveLength(20);
    const pyramid = await Pyramid.load(join(runFolder, 'model'), { workers: 1 });
    try {
      expect(pyramid.info.tau).toBe(resultOf('mrpc', 'mp-plus').tau);
    } finally {
      await pyramid.close();
    }
  });

  it('shows figure 3 of texts as removal saw them: scores of a layer are 1 together, and what is gone stays gone', () => {
    const { attention, thresholds } = resultOf('ag_news', 'mp');
    expect(attention.length).toBeGreaterThan(0);
    let removed = 0;
    for (const { tokens, layers } of attention) {
      expect(tokens[0]).toBe('[CLS]');
      expect(tokens.at(-1)).toBe('[SEP]');
      layers.forEach(({ scores, kept }, l) => {
        expect(scores.reduce<number>((sum, score) => sum + (score ?? 0), 0)).toBeCloseTo(1, 5);
        scores.forEach((score, i) => {
          if (l > 0) expect(score === null).toBe(!layers[l - 1].kept[i]);
          expect(kept[i]).toBe(score !== null && (i === 0 || score >= thresholds![l]));
        });
        removed += kept.filter((stays) => !stays).length;
      });
    }
    expect(removed).toBeGreaterThan(0);
  });

  it('writes the four tables and the summaries as Markdown, CSV and JSON, and the figures', () => {
    const read = (name: string) => readFileSync(join(out, name), 'utf8');
    const markdown = read('report.md');
    for (const title of ['Table 1: results', 'Table 2: data', 'Table 3: settings', 'Table 4: stages'])
      expect(markdown).toContain(`## ${title}`);
    expect(markdown).toContain('Failed: rte, mp');
    const { rows, tables } = JSON.parse(read('report.json'));
    expect(rows).toEqual(JSON.parse(JSON.stringify(first.rows)));
    expect(Object.keys(tables)).toEqual([
      'data',
      'settings',
      'stages',
      'averages',
      'dial',
      'drops',
      'drop-averages',
      'paper',
    ]);
    expect(tables.data.find(({ task }: { task: string }) => task === 'mrpc')).toMatchObject({ pairs: true, test: 20 });
    expect(tables.averages.map(({ tasks }: { tasks: number }) => tasks)).toEqual([2, 2, 2, 2, 2]);
    for (const name of Object.keys(tables))
      expect(read(`${name}.csv`).trimEnd().split('\n')).toHaveLength(1 + tables[name].length);
    const html = read('report.html');
    for (const heading of [
      'Table 2: data',
      'Accuracy against speed-up',
      'Tokens left by layer',
      'Attention by token',
      'Training loss',
    ])
      expect(html).toContain(heading);
  });

  it('keeps what is finished, retries what failed, and makes the same report', async () => {
    const report = readFileSync(join(out, 'report.json'), 'utf8');
    const again = await run({ resume: true });
    expect(stagesOf(again.events)).toEqual([]);
    expect(again.rows).toEqual(first.rows);
    expect(readFileSync(join(out, 'report.json'), 'utf8')).toBe(report);
  });

  it('refuses a folder that holds runs, and other settings than theirs, before it trains', async () => {
    await expect(run()).rejects.toMatchObject({ code: 'MP_OUT_EXISTS' });
    const other = run({ resume: true, training: { ...tinyTraining, dataDir, learningRate: 3e-3 } });
    await expect(other).rejects.toMatchObject({ code: 'MP_RESUME_MISMATCH', details: { option: 'learningRate' } });
    await expect(run({ limit: { qq: 5 }, resume: true })).rejects.toMatchObject({ code: 'MP_TASK_UNKNOWN' });
  });

  it('fine-tunes a given DistilBERT, under its own names and with its own tokeniser, without a teacher', async () => {
    const raw = { model_type: 'distilbert', vocab_size: 5 + WORDS.length, dim: 16, n_layers: 2, n_heads: 2 };
    const sizes = { hidden_dim: 32, max_position_embeddings: 64 };
    const config = { ...parseConfig({ ...raw, ...sizes }, 'test'), labels: ['0', '1'] };
    const parameters = new Map(
      [...parameterShapes(config)].map(([name, shape]) => [name, initialise(name, shape, 1, 0.02)]),
    );
    const distilbertModel = join(folder, 'distilbert');
    await mkdir(distilbertModel);
    await writeSafetensors(join(distilbertModel, 'model.safetensors'), underOwnNames(config, parameters));
    writeFileSync(join(distilbertModel, 'config.json'), JSON.stringify({ ...raw, ...sizes }));
    for (const [name, text] of Object.entries(wordPieceFiles(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...WORDS])))
      writeFileSync(join(distilbertModel, name), text);
    const where = join(folder, 'given');
    const { rows, events } = await run({
      out: where,
      tasks: ['mrpc'],
      methods: ['bert', 'distilbert'],
      distilbertModel,
    });
    expect(rows.map(({ failed }) => failed)).toEqual([undefined, undefined]);
    expect(stagesOf(events)).toEqual(['bert regular', 'distilbert regular']);
    const model = join(where, 'mrpc', 'distilbert', 'seed-0', 'model');
    const tensors = await readSafetensors(join(model, 'model.safetensors'));
    expect(tensors.has('distilbert.transformer.layer.1.attention.q_lin.weight')).toBe(true);
    expect(readFileSync(join(model, 'vocab.txt'), 'utf8')).toContain('w7');
  });

  it('trains the teacher of a student where plain BERT is not in the table', async () => {
    const where = join(folder, 'student');
    const { events } = await run({ out: where, tasks: ['mrpc'], methods: ['distilbert'] });
    expect(stagesOf(events)).toEqual(["distilbert's teacher regular", 'distilbert regular']);
    expect(readdirSync(join(where, 'mrpc', 'distilbert', 'seed-0')).filter((name) => /checkpoint/.test(name))).toEqual(
      [],
    );
    // the teacher is the plain BERT of the whole table, so the student is that table's too
    const figures = ({ clock: _, baseline: _b, drops: _d, ...rest }: StoredResult) => rest;
    expect(figures(resultOf('mrpc', 'distilbert', 0, where))).toEqual(figures(resultOf('mrpc', 'distilbert')));
  });

  it('gives means over seeds, and their spread in every cell', async () => {
    const where = join(folder, 'seeds');
    const { rows } = await run({ out: where, tasks: ['mrpc'], methods: ['bert'], seeds: 2, seed: 3 });
    const accuracies = [3, 4].map((seed) => resultOf('mrpc', 'bert', seed, where).test.accuracy);
    expect(rows).toHaveLength(1);
    expect(rows[0].accuracy).toBeCloseTo((accuracies[0] + accuracies[1]) / 2, 12);
    const { tables } = JSON.parse(readFileSync(join(where, 'report.json'), 'utf8'));
    expect(tables.spread[0]).toMatchObject({ task: 'mrpc', method: 'bert', seeds: 2 });
    expect(tables.spread[0].accuracySpread).toBeCloseTo(Math.abs(accuracies[0] - accuracies[1]) / Math.SQRT2, 12);
    expect(readFileSync(join(where, 'report.md'), 'utf8')).toMatch(/\d ± \d/);
  });

  it('has the dial of methods with exits beside it: certified on halves of the test rows, chosen, and read off', () => {
    const { dial, test } = resultOf('ag_news', 'mp-plus');
    expect(dial).toMatchObject({ maxDrop: 0.2, confidence: 0.95 });
    expect(dial!.points.map(({ way, rows }) => [way, rows])).toEqual([
      ['certified-halves', 15],
      ['cautious', 12],
      ['chosen', 12],
      ['read-off', test.n],
    ]);
    expect(resultOf('ag_news', 'ltp').dial).toBeUndefined();
    const { tables } = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'));
    const named = tables.dial.map(({ task, method }: StoredResult) => `${task} ${method}`);
    expect([...new Set(named)]).toEqual(['ag_news mp+', 'ag_news mp', 'mrpc mp+', 'mrpc mp']);
    expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain('judged on the other half');
  });

  it('keeps rows apart where it is told to, which certify for all methods alike, and judges on all test rows', async () => {
    const where = join(folder, 'apart');
    const training = { ...tinyTraining, dataDir, calibrationShare: 0.2 };
    await run({ out: where, tasks: ['mrpc'], methods: ['bert', 'mp'], training });
    const [bert, mp] = ['bert', 'mp'].map((method) => resultOf('mrpc', method, 0, where));
    for (const { data, settings } of [bert, mp]) {
      expect(data.train + data.validation + data.calibration!).toBeGreaterThan(110);
      expect(settings).toHaveProperty('calibration rows');
    }
    expect(mp.data).toEqual(bert.data);
    const trace = await readTrace(join(where, 'mrpc', 'mp', 'seed-0', 'calibration.trace.jsonl'));
    expect(trace.entries).toHaveLength(mp.data.calibration!);
    expect(mp.dial!.points[0]).toMatchObject({ way: 'certified', rows: mp.data.calibration });
    expect(readFileSync(join(where, 'data.csv'), 'utf8')).toContain('calibration');
  });

  it('adds the dial to runs of before it was asked for, from their traces, and sets it anew for another confidence', async () => {
    const path = join(out, 'mrpc', 'mp', 'seed-0', 'result.json');
    const before = resultOf('mrpc', 'mp');
    const { dial: _, ...older } = before;
    writeFileSync(path, JSON.stringify(older));
    const some = { resume: true, tasks: ['mrpc'], methods: ['bert', 'mp'] };
    const again = await run(some);
    expect(stagesOf(again.events)).toEqual([]);
    expect(resultOf('mrpc', 'mp')).toEqual(before);
    await run({ ...some, confidence: 0.6 });
    expect(resultOf('mrpc', 'mp')).toMatchObject({ test: before.test, dial: { confidence: 0.6 } });
  });
});
