/** Against scikit-learn's classification_report and confusion_matrix: scripts/make_label_report_golden.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ByLabel, byLabel, type Rates } from '../../src/evaluate/by-label.ts';
import { judge } from '../../src/evaluate/judge.ts';
import type { Trace } from '../../src/evaluate/trace.ts';
import { confusionTable, labelTable } from '../../src/report/label-tables.ts';
import { randomTrace } from '../support/random-trace.ts';

interface Case<T> {
  readonly count: number;
  readonly truth: readonly T[];
  readonly answers: readonly T[];
  readonly labels: Readonly<Record<string, Rates & { readonly support: number }>>;
  readonly macro: Rates;
  readonly weighted: Rates;
}
interface Golden {
  readonly oneLabel: readonly (Case<number> & { readonly confusion: readonly (readonly number[])[] })[];
  readonly severalLabels: readonly (Case<readonly number[]> & { readonly micro: Rates })[];
}
const golden = JSON.parse(
  readFileSync(new URL('../golden/label-report-golden.json', import.meta.url), 'utf8'),
) as Golden;

const names = (count: number) => Array.from({ length: count }, (_, c) => `label ${c}`);
const shape = (labels: number) => ({ layers: 1, hiddenSize: 4, heads: 1, intermediateSize: 4, labels });
const common = { headKind: 'none', pairs: false } as const;
const text = { length: 3, tokens: [3, 3] };

function traceOf({ count, truth, answers }: Case<number>): Trace {
  const row = (answer: number) => Array.from({ length: count }, (_, c) => (c === answer ? 5 : 0));
  const entries = truth.map((label, i) => ({ ...text, label, logits: [row(answers[i])] }));
  return { ...common, shape: shape(count), labels: names(count), entries };
}

function traceOfSets({ count, truth, answers }: Case<readonly number[]>): Trace {
  const entries = truth.map((target, i) => ({
    ...{ ...text, label: -1, target, logits: [answers[i].map((has) => (has === 1 ? 4 : -4))] },
  }));
  const thresholds = names(count).map(() => 0.5);
  const rule = { problemType: 'multi_label_classification', thresholds } as const;
  return { ...common, shape: shape(count), labels: names(count), answers: rule, entries };
}

const expectRates = (found: Rates, expected: Rates) => {
  for (const key of ['precision', 'recall', 'f1'] as const) expect(found[key]).toBeCloseTo(expected[key], 12);
};

function expectReport(found: ByLabel, { labels, macro, weighted }: Omit<Case<unknown>, 'truth' | 'answers'>) {
  for (const [i, figures] of found.labels.entries()) {
    const expected = labels[i];
    // scikit-learn leaves a label out that no row has or was given
    if (!expected) expect([figures.support, figures.answered]).toEqual([0, 0]);
    else {
      expectRates(figures, expected);
      expect(figures.support).toBe(expected.support);
    }
  }
  expectRates(found.macro, macro);
  expectRates(found.weighted, weighted);
}

describe.each(golden.oneLabel.map((each) => [each.count, each] as const))('of %d labels', (count, each) => {
  const found = byLabel(traceOf(each), null)!;

  it("the figures by label and their means are scikit-learn's", () => {
    expectReport(found, each);
    expect(found.micro).toBeUndefined();
    expect(found.macro.f1).toBeCloseTo(judge(traceOf(each), null).macroF1, 12);
  });

  it("which label is taken for which is scikit-learn's confusion matrix, most rows first", () => {
    const matrix = names(count).map((label, i) =>
      names(count).map((answered, j) => {
        if (i === j) return Math.round(found.labels[i].recall * found.labels[i].support);
        return found.confusions!.find((pair) => pair.label === label && pair.answered === answered)?.rows ?? 0;
      }),
    );
    expect(matrix).toEqual(each.confusion);
    const rows = found.confusions!.map((pair) => pair.rows);
    expect(rows).toEqual([...rows].sort((a, b) => b - a));
    const table = confusionTable(found)!;
    if (count <= 10) expect(table.rows).toEqual(matrix.map((row, i) => [`label ${i}`, ...row.map(String)]));
    else expect(table.rows[0]).toEqual([found.confusions![0].label, found.confusions![0].answered, String(rows[0])]);
  });
});

describe.each(golden.severalLabels.map((each) => [each.count, each] as const))('of any of %d labels', (_, each) => {
  it("the figures by label, their means and micro averages are scikit-learn's, and no label is taken for another", () => {
    const found = byLabel(traceOfSets(each), null)!;
    expectReport(found, each);
    expectRates(found.micro!, each.micro);
    expect(found.micro!.f1).toBeCloseTo(judge(traceOfSets(each), null).microF1!, 12);
    expect(confusionTable(found)).toBeNull();
  });
});

it('the figures are those of the answers at tau', () => {
  const trace = randomTrace({ seed: 5, texts: 200 });
  const [off, on] = [byLabel(trace, null)!, byLabel(trace, 0.7)!];
  expect(on).not.toEqual(off);
  for (const [found, tau] of [
    [off, null],
    [on, 0.7],
  ] as const)
    expect(found.weighted.recall).toBeCloseTo(judge(trace, tau).accuracy, 12);
});

it('numbers have none', () => {
  const entries = [{ ...text, label: -1, target: [2.5], logits: [[2]] }];
  const answers = { problemType: 'regression', spread: 1 } as const;
  expect(byLabel({ ...common, shape: shape(1), labels: ['LABEL_0'], answers, entries }, null)).toBeNull();
});

it('a table of very many labels has the worst fifty, and the means of all', () => {
  const truth = Array.from({ length: 60 }, (_, i) => i);
  const answers = truth.map((label) => (label < 55 ? label : 0));
  const table = labelTable(byLabel(traceOf({ count: 60, truth, answers } as never), null)!);
  expect(table.rows).toHaveLength(52);
  expect(table.rows[0].slice(0, 4)).toEqual(['label 55', '0.000', '0.000', '0.000']);
  expect(table.rows.at(-1)![4]).toBe('60');
  expect(table.caption).toContain('The 50 of 60 labels with the lowest F1');
});
