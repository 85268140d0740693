import { expect, test } from 'vitest';
import { surestWrong } from '../../src/evaluate/surest-wrong.ts';
import type { Trace } from '../../src/evaluate/trace.ts';

const common = { headKind: 'none', pairs: false } as const;
const shape = { layers: 1, hiddenSize: 4, heads: 1, intermediateSize: 4, labels: 2 };
const text = { length: 3, tokens: [3, 3] };

test('of one label: wrong rows alone, the one with the highest score of the wrong answer first', () => {
  const rows: [number, number[]][] = [
    [0, [3, 0]],
    [0, [0, 1]],
    [1, [4, 0]],
    [0, [0, 2]],
  ];
  const entries = rows.map(([label, logits]) => ({ ...text, label, logits: [logits] }));
  const trace: Trace = { ...common, shape, labels: ['ham', 'spam'], entries };
  const wrong = surestWrong(trace, null, 10);
  expect(wrong.map(({ row, truth, answered }) => [row, truth, answered])).toEqual([
    [2, 'spam', 'ham'],
    [3, 'ham', 'spam'],
    [1, 'ham', 'spam'],
  ]);
  expect(wrong[0].certainty).toBeCloseTo(1 / (1 + Math.exp(-4)), 12);
  expect(surestWrong(trace, null, 1)).toEqual(wrong.slice(0, 1));
  // scores are those that people see
  const cooler = surestWrong({ ...trace, temperatures: [0.5] }, null, 1)[0];
  expect(cooler.certainty).toBeCloseTo(1 / (1 + Math.exp(-2)), 12);
});

test('of any number of labels: by the surest wrong decision', () => {
  const answers = { problemType: 'multi_label_classification', thresholds: [0.5, 0.5] } as const;
  const rows: [number[], number[]][] = [
    [
      [1, 0],
      [1, 3],
    ], // the second is wrong, and sure
    [
      [1, 1],
      [-1, 5],
    ], // the first is wrong
    [
      [0, 0],
      [-2, -2],
    ],
  ];
  const entries = rows.map(([target, logits]) => ({ ...text, label: -1, target, logits: [logits] }));
  const wrong = surestWrong({ ...common, shape, labels: ['a', 'b'], answers, entries }, null, 10);
  expect(wrong.map(({ row, truth, answered }) => [row, truth, answered])).toEqual([
    [0, 'a', 'a, b'],
    [1, 'a, b', 'b'],
  ]);
  expect(wrong[0].certainty).toBeCloseTo(1 / (1 + Math.exp(-3)), 12);
  expect(wrong[1].certainty).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
});

test('of numbers: the furthest first', () => {
  const answers = { problemType: 'regression', spread: 1 } as const;
  const rows: [number, number][] = [
    [1, 1.5],
    [2, 5],
    [3, 3],
  ];
  const entries = rows.map(([target, z]) => ({ ...text, label: -1, target: [target], logits: [[z]] }));
  const wrong = surestWrong({ ...common, shape: { ...shape, labels: 1 }, labels: ['n'], answers, entries }, null, 10);
  expect(wrong).toEqual([
    { row: 1, truth: '2', answered: '5', certainty: 3 },
    { row: 0, truth: '1', answered: '1.5', certainty: 0.5 },
  ]);
});
