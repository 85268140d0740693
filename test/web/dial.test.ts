/** The dial: where tau stands on the slider, its marks, and the figures beside it. */
import { describe, expect, test } from 'vitest';
import type { Explanation } from '../../src/index.ts';
import { sureness, tauText } from '../../web/src/format.ts';
import { positionOf, STEPS, tauAt, tauAtStep } from '../../web/src/shell/dial-scale.ts';
import { examplesFor, ownExamples } from '../../web/src/try/examples.ts';
import { turningPoints } from '../../web/src/try/turning-points.ts';

describe('the slider', () => {
  test('goes from 0 to 1 without a step back, and back to the place that a tau came from', () => {
    const taus = Array.from({ length: 201 }, (_, i) => tauAt(i / 200));
    expect([taus[0], taus[100], taus[200]]).toEqual([0, 0.5, 1]);
    expect(taus).toEqual([...taus].sort((a, b) => a - b));
    for (const tau of [0, 0.001, 0.05, 0.16, 0.5, 0.8, 0.96, 1]) expect(tauAt(positionOf(tau))).toBeCloseTo(tau, 10);
  });

  test('changes tau with every key, until it is at an end', () => {
    for (const way of [1, -1]) {
      const seen = [way > 0 ? 0 : 1];
      // the browser's slider stands at the step next to tau, and a key moves it by one
      for (let keys = 0; keys < 2 * STEPS && seen.at(-1) !== (way > 0 ? 1 : 0); keys++) {
        const tau = seen.at(-1)!;
        seen.push(tauAtStep(Math.round(STEPS * positionOf(tau)) + way, tau));
      }
      expect(seen.at(-1)).toBe(way > 0 ? 1 : 0);
      expect(seen.filter((tau, i) => i > 0 && way * (tau - seen[i - 1]) <= 0)).toEqual([]);
      expect(seen.length).toBeGreaterThan(150);
    }
    // a model's own tau may lie between two steps
    for (const own of [0.0004, 0.1612, 0.96, 0.9996])
      for (const way of [1, -1]) {
        const next = tauAtStep(Math.round(STEPS * positionOf(own)) + way, own);
        expect(way * (next - own)).toBeGreaterThan(0);
      }
    expect(tauAtStep(0, null)).toBe(0);
  });

  test('gives the tenth of tau next to each end twice the room that a tenth in the middle has', () => {
    const room = (from: number, to: number) => positionOf(to) - positionOf(from);
    expect(room(0, 0.1)).toBeGreaterThan(2 * room(0.45, 0.55));
    expect(room(0.9, 1)).toBeCloseTo(room(0, 0.1), 10);
  });

  test('tau has the places that it needs, and nothing is told as quite certain that is not', () => {
    expect([tauText(0.8), tauText(0.015), tauText(1), tauText(null)]).toEqual(['0.80', '0.015', '1.00', 'off']);
    expect([sureness(0.9994), sureness(0.9999), sureness(1)]).toEqual(['99.9 %', 'more than 99.9\u00a0%', '100.0 %']);
  });
});

describe('the marks under the slider', () => {
  const of = (floor: number | null, ...layers: (number | null)[]) =>
    turningPoints({
      floor: floor === null ? null : { uncertainty: floor },
      layers: layers.map((uncertainty) => ({ uncertainty })),
    } as unknown as Explanation);

  test('are where the text begins to leave earlier; an exit less sure than one before it has none', () => {
    expect(of(0.5, 0.3, 0.4, 0.1, 0)).toEqual([
      { exit: 3, tau: 0.1 },
      { exit: 1, tau: 0.3 },
      { exit: 0, tau: 0.5 },
    ]);
    expect(of(0.01, 0.3, 0.4, 0)).toEqual([{ exit: 0, tau: 0.01 }]);
  });

  test('know that an exit may not be asked, and that the last layer answers at every tau', () => {
    expect(of(null, null, 0.4, 0.2)).toEqual([{ exit: 2, tau: 0.4 }]);
    expect(of(null, 0)).toEqual([]);
  });
});

describe('the examples', () => {
  test('are the rows of the model’s folder, named by how they begin, each name once', () => {
    const long = 'Lunch on Friday\nAre you free for lunch on Friday at noon?';
    const examples = [
      { text: long, label: 'ham' },
      { text: `${long} Or later?`, label: 'ham' },
      { text: 'Hi', label: 'spam' },
    ];
    const found = ownExamples({ about: null, examples }, { pairs: false });
    expect(found.map(({ name, label }) => [name, label])).toEqual([
      ['Lunch on Friday Are you fre…', 'ham'],
      ['Lunch on Friday Are you fre… (2)', 'ham'],
      ['Hi', 'spam'],
    ]);
    expect(ownExamples({ about: null, examples }, { pairs: true })).toEqual([]);
  });

  test('of the page itself have no label: nobody has said what they are', () => {
    expect(examplesFor({ labels: ['spam', 'ham'], pairs: false }).filter(({ label }) => label !== undefined)).toEqual(
      [],
    );
  });
});
