import { describe, expect, it } from 'vitest';
import { endWarnings, type WarningFacts } from '../../../src/train/output/warnings.ts';

const epochs = (stage: string, figures: readonly number[]): WarningFacts['history'] =>
  figures.map((accuracy, epoch) => ({
    ...{ kind: 'epoch' as const, stage, epoch, loss: 1, seconds: 1, validation: { accuracy } },
  }));
const facts = (history: WarningFacts['history'], more: Partial<WarningFacts> = {}): WarningFacts => ({
  ...{ byLabel: null, judgedOn: 'validation', history, rows: 100, keep: 'last' },
  ...more,
});
const rates = { precision: 0, recall: 0, f1: 0 };

describe('a run warns at its end', () => {
  it('of labels that rows have and none was answered with', () => {
    const labels = [
      { label: 'ham', ...rates, support: 40, answered: 60 },
      { label: 'spam', ...rates, support: 1, answered: 0 },
      { label: 'news', ...rates, support: 19, answered: 0 },
      { label: 'unseen', ...rates, support: 0, answered: 0 },
    ];
    const byLabel = { labels, macro: rates, weighted: rates };
    const [warning, ...others] = endWarnings(facts([], { byLabel, judgedOn: 'test' }));
    expect(others).toEqual([]);
    expect(warning).toContain('No test row was answered with spam (1 row), news (19 rows): ');
  });

  it('of a regular stage that was still getting better, beyond a point and two rows', () => {
    const warn = (figures: number[], rows = 100) => endWarnings(facts(epochs('regular', figures), { rows }));
    expect(warn([0.6, 0.7, 0.75])).toEqual([expect.stringContaining('as in --epochs 6.')]);
    expect(warn([0.6, 0.7, 0.705])).toEqual([]);
    expect(warn([0.6, 0.7, 0.75], 30)).toEqual([]); // a row and a half
    expect(warn([0.75])).toEqual([]);
    // what comes after it does not count as it
    const after = [...epochs('regular', [0.6, 0.7, 0.75]), ...epochs('soft', [0.2]), ...epochs('hard', [0.7, 0.7])];
    expect(endWarnings(facts(after))).toHaveLength(1);
  });

  it('of an epoch that was better than the last by more than chance, unless the best was kept', () => {
    const history = epochs('hard', [0.5, 0.9, 0.7]);
    const [warning, ...others] = endWarnings(facts(history));
    expect(others).toEqual([]);
    expect(warning).toContain('Epoch 2 of the hard stage was better');
    expect(endWarnings(facts(history, { keep: 'best' }))).toEqual([]);
    // of so few rows it may be chance
    expect(endWarnings(facts(history, { rows: 12 }))).toEqual([]);
  });
});
