import { expect, test } from 'vitest';
import { METHOD_ROWS } from '../../src/experiment/method-rows.ts';
import { RECIPES } from '../../src/experiment/recipes.ts';
import { taskOptions } from '../../src/experiment/reproduce/reproduce.ts';
import { settingsTable, stagesTable } from '../../src/experiment/reproduce/reproduce-tables.ts';
import { headsJoin } from '../../src/train/methods.ts';

const options = (task: string, row: string, given = {}) =>
  taskOptions(task, METHOD_ROWS.get(row)!, { out: 'runs', ...given });

test('a task has its own recipe', () => {
  expect(options('mrpc', 'mp+')).toMatchObject({ ...RECIPES.mrpc, exitTraining: 'joint', exitHead: 'aligned' });
  expect(options('ag_news', 'mp+')).toMatchObject({ ...RECIPES.ag_news, exitTraining: 'joint', exitHead: 'pooled' });
  expect(options('mrpc', 'mp-joint-pooled')).toMatchObject({ exitTraining: 'joint', exitHead: 'pooled' });
  expect(options('mrpc', 'mp-pooled')).toMatchObject({ ...RECIPES.mrpc, exitTraining: 'frozen' });
});

test('joint training of heads begins in the soft stage, if there is one', () => {
  expect(headsJoin('mp', options('mrpc', 'mp+'))).toBe('soft');
  expect(headsJoin('fastbert', options('mrpc', 'fastbert+'))).toBe('regular');
  expect(headsJoin('mp', options('ag_news', 'mp+', { jointFrom: 'regular' }))).toBe('regular');
  expect(headsJoin('mp', options('mrpc', 'mp-pooled'))).toBeNull();
});

test('what is given wins over the recipe, and the row of the table over both', () => {
  const given = { delta: 0.02, headLearningRate: 0.5, exitHead: 'fastbert' as const };
  expect(options('mrpc', 'mp+', given)).toMatchObject({ delta: 0.02, headLearningRate: 0.5, exitHead: 'aligned' });
});

test('a task that is not one of the five has the defaults', () => {
  expect(options('toxic', 'mp+')).toEqual(options('toxic', 'mp+', { headLearningRate: 3e-4 }));
});

test('the table of stages says at which rates the heads of each method learn', () => {
  const units = ['bert', 'mp', 'mp+'].map((name) => {
    const row = METHOD_ROWS.get(name)!;
    const where = { folder: '', stagesFolder: '', testLimit: null };
    return { task: 'mrpc', row, seed: 0, options: options('mrpc', name), ...where, label: name };
  });
  const { headLearningRate } = RECIPES.mrpc;
  expect(stagesTable(units, new Map()).rows.map((cells) => cells.slice(-2))).toEqual([
    ['–', '–'],
    ['–', String(headLearningRate)],
    ['0.0005', String(headLearningRate)],
  ]);
});

test('the tables say how long and in which batches few rows were trained on', () => {
  const where = { folder: '', stagesFolder: '', testLimit: null, label: '' };
  const unit = {
    task: 'ag_news',
    row: METHOD_ROWS.get('mp')!,
    seed: 0,
    options: options('ag_news', 'mp', { minSteps: 200 }),
    ...where,
  };
  const cells = (rows: number) => [
    stagesTable([unit], new Map([['ag_news', rows]])).rows[0].slice(2, 5),
    settingsTable([unit], new Map([['ag_news', rows]])).rows[0][1],
  ];
  expect(cells(100_000)).toEqual([['3', '1', '2'], '32']);
  expect(cells(900)).toEqual([['7', '2', '5'], '32']); // 203, 58 and 145 steps of 29 an epoch, as training says
  expect(cells(100)).toEqual([['16', '5', '10'], '8']); // 13 steps an epoch, and 200 at least
});

test.each([
  ['mp+', 'mp', 'auto'],
  ['mp+-no-floor', 'mp', 'none'],
  ['mp+-no-sum', 'mp', 'apart'],
  ['linear', 'linear', 'auto'],
  ...['bert', 'distilbert', 'ltp', 'fastbert', 'mp'].map((name) => [name, name, 'none'] as const),
] as const)('the row %s trains %s with floor 0: %s', (name, method, floor) => {
  expect(options('ag_news', name, { floor: 'apart' })).toMatchObject({ method, floor });
});

test('the table of stages has none for a method without a network', () => {
  const where = { folder: '', stagesFolder: '', testLimit: null };
  const unit = { task: 'mrpc', row: METHOD_ROWS.get('linear')!, seed: 0, options: options('mrpc', 'linear'), ...where };
  const [cells] = stagesTable([{ ...unit, label: 'linear' }], new Map()).rows;
  expect(cells).toEqual(['mrpc', 'linear', ...Array(8).fill('–')]);
});
