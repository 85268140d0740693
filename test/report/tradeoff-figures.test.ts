/** Trade-off figures of models without one label a text: their own figure, under its own name. */
import { describe, expect, test } from 'vitest';
import { judge } from '../../src/evaluate/judge.ts';
import type { Trace } from '../../src/evaluate/trace.ts';
import { tradeoff } from '../../src/evaluate/tradeoff.ts';
import { palette } from '../../src/report/palette.ts';
import { qualityText, qualityTitle } from '../../src/report/quality-text.ts';
import { tradeoffFigures } from '../../src/report/tradeoff-figures.ts';
import { randomTrace } from '../support/random-trace.ts';
import { multiLabelTrace, regressionTrace } from '../support/target-traces.ts';

const figuresOf = (trace: Trace) => {
  const report = { method: 'mp', judgement: judge(trace, 0.5), curve: tradeoff(trace) };
  return { ...report, figures: tradeoffFigures([report], palette(['mp'])) };
};

describe.each([
  { name: 'several labels', trace: multiLabelTrace(), title: 'Micro F1', key: 'microF1' },
  { name: 'numbers', trace: regressionTrace(), title: 'Share of the variance explained', key: 'r2' },
] as const)('of $name', ({ trace, title, key }) => {
  const { judgement, curve, figures } = figuresOf(trace);

  test('title, axis and head name the figure that tau is chosen by, and nothing is in per cent or not a number', () => {
    expect(figures.map((figure) => figure.title)).toEqual([
      `${title} against speed-up, as the paper counts`,
      `${title} against speed-up, as computed`,
    ]);
    for (const figure of figures) {
      expect(figure.heads).toEqual(['Method', 'tau', title, 'Speed-up']);
      const drawn = JSON.stringify(figure.drawing);
      expect(drawn).toContain(`↑ ${title}"`);
      expect(drawn + JSON.stringify(figure.rows)).not.toMatch(/NaN|%|Accuracy/);
    }
  });

  test('rows and marks have its values', () => {
    expect(curve.length).toBeGreaterThan(2);
    const off = figures[0].rows[0];
    expect(off.slice(0, 3)).toEqual(['mp', 'off', curve[0][key]!.toFixed(4)]);
    const own = figures[0].rows.find(([, tau]) => tau === '0.5')!;
    expect(own[2]).toBe(judgement[key]!.toFixed(4));
    expect(JSON.stringify(figures[0].drawing)).toContain(`mp, tau 0.5: ${judgement[key]!.toFixed(4)} at `);
    expect([qualityTitle(judgement), qualityText(judgement)]).toEqual([title, judgement[key]!.toFixed(4)]);
  });
});

test('with one label a text they are accuracies in per cent', () => {
  const { judgement, figures } = figuresOf(randomTrace({ seed: 1 }));
  expect(figures[0].title).toBe('Accuracy against speed-up, as the paper counts');
  expect(figures[0].rows.find(([, tau]) => tau === '0.5')![2]).toBe(`${(100 * judgement.accuracy).toFixed(1)} %`);
  expect(JSON.stringify(figures[0].drawing)).toContain('↑ Accuracy (%)');
});
