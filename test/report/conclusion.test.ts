import { describe, expect, test } from 'vitest';
import { conclusions } from '../../src/report/conclusion.ts';
import { percents } from '../../src/report/format.ts';
import { renderReport } from '../../src/report/index.ts';
import { failedRow, type ReportRow } from '../../src/report/table.ts';

const row = (
  method: string,
  accuracy: number,
  speedupActual: number | null,
  msPerText: number | null = null,
  task = 'spam',
): ReportRow => {
  const { failed: _, ...none } = failedRow(task, method, '');
  return { ...none, accuracy, speedupActual, msPerText };
};

describe('the conclusion of a table', () => {
  test('is the cheapest method within a point of plain BERT, with its time where both were measured', () => {
    const rows = [
      row('bert', 0.982, 1.33, 2.87),
      row('mp', 0.978, 42.6, 0.39),
      row('ltp', 0.97, 500),
      row('linear', 0.984, null),
    ];
    expect(conclusions(rows)).toEqual([
      'mp computes 42.6× fewer operations than the dense model and is right on 97.8 % of the test texts, 0.4 points less than bert; on the clock a text takes 0.39 ms instead of 2.87.',
    ]);
  });

  test('says so where no method comes near, and where one is better', () => {
    expect(conclusions([row('bert', 0.9, 1), row('mp', 0.88, 9)])).toEqual([
      "No method comes within a point of bert's 90.0 %.",
    ]);
    expect(conclusions([row('bert', 0.9, 1, 3), row('linear', 0.905, null, 0.1), row('mp', 0.88, 9)])).toEqual([
      'linear, of which no layer of a network runs, is right on 90.5 % of the texts, 0.5 points more than bert; on the clock a text takes 0.10 ms instead of 3.00.',
    ]);
    expect(conclusions([row('bert', 0.9, 1), row('mp', 0.9003, 9)])[0]).toMatch(/as bert is\.$/);
    expect(conclusions([row('bert', 0.9, 1), row('mp', 0.91, 9)])[0]).toMatch(/1\.0 points more than bert\.$/);
  });

  test('is one a task, named where there are several, and none without plain BERT', () => {
    const two = [
      row('bert', 0.9, 1),
      row('mp', 0.9, 9),
      row('bert', 0.8, 1, null, 'news'),
      row('mp', 0.8, 4, null, 'news'),
    ];
    expect(conclusions(two).map((sentence) => sentence.split(' ')[0])).toEqual(['spam:', 'news:']);
    expect(conclusions([row('mp', 0.9, 9), row('ltp', 0.9, 2)])).toEqual([]);
    expect(conclusions([{ ...row('bert', 0.9, 1), accuracy: null }, row('mp', 0.9, 9)])).toEqual([]);
  });

  test('stands first in the report, and what each method is below the table', () => {
    const page = renderReport({
      title: 'T',
      introduction: ['I'],
      rows: [row('bert', 0.9, 1), row('mp+', 0.9, 9), row('own', 0.1, 1)],
      methods: [],
    });
    expect(page.indexOf('mp+ computes')).toBeGreaterThan(0);
    expect(page.indexOf('mp+ computes')).toBeLessThan(page.indexOf('<p>I</p>'));
    expect([...page.matchAll(/<dt>(.*?)<\/dt>/g)].map(([, name]) => name)).toEqual(['bert', 'mp+']);
  });
});

test('percentages of a whole add up to it', () => {
  expect(percents([1 / 3, 1 / 3, 1 / 3])).toEqual(['33.4 %', '33.3 %', '33.3 %']);
  expect(percents([0.99945, 0.00055])).toEqual(['99.9 %', '0.1 %']);
  expect(percents([0.12345, 0.87655])).toEqual(['12.3 %', '87.7 %']);
  expect(percents([0, 1])).toEqual(['0.0 %', '100.0 %']);
  for (const shares of [
    [0.0004, 0.0004, 0.9992],
    [0.2, 0.15, 0.65],
    [1 / 7, 2 / 7, 4 / 7],
  ]) {
    const sum = percents(shares).reduce((total, text) => total + Math.round(10 * Number.parseFloat(text)), 0);
    expect(sum).toBe(1000);
  }
});
