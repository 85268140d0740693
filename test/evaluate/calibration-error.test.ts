import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrationError, calibrationErrors } from '../../src/evaluate/calibration-error.ts';
import { randomStream } from '../../src/random.ts';
import { randomTrace } from '../support/random-trace.ts';

const answer = (score: number, isRight: boolean) => ({ score, isRight });

describe('the expected calibration error', () => {
  it('is what a few lines of Python make of 40 answers in 15 bins of equal mass', () => {
    // i = range(40); s = [0.25 + 0.75 * ((k * 17) % 40) / 40 for k in i]; r = [(k * k) % 7 < 4 for k in i]
    // o = sorted(i, key=lambda k: s[k]); b = [(k * 40) // 15 for k in range(16)]
    // sum(abs(sum(r[k] - s[k] for k in o[x:y])) for x, y in zip(b, b[1:])) / 40
    const answers = Array.from({ length: 40 }, (_, i) => answer(0.25 + (0.75 * ((i * 17) % 40)) / 40, (i * i) % 7 < 4));
    expect(calibrationError(answers)).toBeCloseTo(0.3990625, 12);
  });

  it('is 0 where each bin is as sure as it is right, and the distance where it is not', () => {
    const half = [answer(0.5, true), answer(0.5, false), answer(0.5, true), answer(0.5, false)];
    expect(calibrationError(half, 2)).toBe(0);
    expect(calibrationError([answer(1, false), answer(1, false)])).toBe(1);
    expect(calibrationError([answer(0.75, true)])).toBe(0.25);
  });

  it('does not depend on the order of the answers, also where scores are the same', () => {
    const answers = fc.array(fc.tuple(fc.constantFrom(0.4, 0.6, 0.8, 1), fc.boolean()), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(answers, fc.nat(), (rows, seed) => {
        const all = rows.map(([score, isRight]) => answer(score, isRight));
        const other = randomStream(seed, 'order').shuffle([...all]);
        expect(calibrationError(other)).toBeCloseTo(calibrationError(all), 12);
      }),
    );
  });

  it('is noise for scores that are right as often as they say, and large for others', () => {
    const random = randomStream(7, 'answers');
    const scores = Array.from({ length: 20_000 }, () => 0.25 + 0.75 * random.next());
    const answers = scores.map((score) => answer(score, random.next() < score));
    expect(calibrationError(answers)).toBeLessThan(0.015);
    expect(calibrationError(answers.map(({ score, isRight }) => answer(Math.sqrt(score), isRight)))).toBeGreaterThan(
      0.1,
    );
  });

  it('is said of each exit that is asked, floor 0 first, as all texts would be answered there', () => {
    const floor = { weight: 0.5, prior: [0, 0, 0, 0], scale: 1 };
    const trace = randomTrace({ seed: 3, texts: 400, floor });
    const errors = calibrationErrors(trace);
    expect(errors).toHaveLength(7);
    expect(errors.every((error) => error !== null && error > 0 && error < 1)).toBe(true);
    const tempered = calibrationErrors({ ...trace, temperatures: [1, 1, 1, 1, 1, 20] });
    expect(tempered.slice(0, 6)).toEqual(errors.slice(0, 6));
    expect(tempered[6]).not.toBe(errors[6]);
    expect(calibrationErrors(randomTrace({ seed: 3, texts: 40, headKind: 'none' })).slice(0, 6)).toEqual(
      new Array(6).fill(null),
    );
  });
});
