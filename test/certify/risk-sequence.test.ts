import { describe, expect, it } from 'vitest';
import { RiskAlarm } from '../../src/certify/risk-alarm.ts';
import { RiskSequence } from '../../src/certify/risk-sequence.ts';
import { randomStream } from '../../src/random.ts';
import { allowed, errorRate } from '../support/error-rate.ts';

describe('a confidence sequence of a risk', () => {
  it('knows nothing before the first loss, then closes in on the mean', () => {
    const sequence = new RiskSequence({ confidence: 0.95 });
    expect([sequence.n, sequence.mean, sequence.lower, sequence.upper]).toEqual([0, 0, 0, 1]);
    const widths = [100, 1000, 10_000].map((n) => {
      while (sequence.n < n) sequence.add(sequence.n % 20 === 0 ? 1 : 0);
      expect(sequence.mean).toBeCloseTo(0.05, 12);
      expect(sequence.lower).toBeLessThan(0.05);
      expect(sequence.upper).toBeGreaterThan(0.05);
      return sequence.upper - sequence.lower;
    });
    expect(widths[1]).toBeLessThan(widths[0] / 2);
    expect(widths[2]).toBeLessThan(0.02);
  });

  it('stays inside 0 to 1 where every loss is 0, or 1', () => {
    for (const loss of [0, 1]) {
      const sequence = new RiskSequence({ confidence: 0.999 });
      for (let i = 0; i < 5000; i++) sequence.add(loss);
      expect(sequence.lower).toBeGreaterThanOrEqual(0);
      expect(sequence.upper).toBeLessThanOrEqual(1);
      expect(sequence.upper - sequence.lower).toBeLessThan(0.01);
      expect(loss === 0 ? sequence.lower : sequence.upper).toBe(loss);
    }
  });

  it('misses the mean at any of its times no more often than it says, for losses of 0 and 1 and between them', () => {
    const draws = { 'zeros and ones': (u: number) => Number(u < 0.03), fractions: (u: number) => u ** 9 };
    const means = { 'zeros and ones': 0.03, fractions: 0.1 };
    for (const name of ['zeros and ones', 'fractions'] as const) {
      const missed = errorRate(200, name, (random) => {
        const sequence = new RiskSequence({ confidence: 0.9 });
        for (let i = 0; i < 600; i++) {
          sequence.add(draws[name](random.next()));
          if (i % 5 === 0 && (sequence.lower > means[name] || sequence.upper < means[name])) return true;
        }
        return false;
      });
      expect(missed).toBeLessThanOrEqual(allowed(0.1, 200));
    }
  });

  it('refuses a loss or a confidence that is none', () => {
    expect(() => new RiskSequence({ confidence: 0.9 }).add(1.5)).toThrow(/the loss is 1.5; give a number from 0 to 1/);
    expect(() => new RiskSequence({ confidence: 1 })).toThrow(/confidence is 1; give a fraction/);
  });
});

describe('an alarm for a risk that rises', () => {
  const alarmed = (random: ReturnType<typeof randomStream>, before: number, after: number) => {
    const alarm = new RiskAlarm({ bound: 0.015, level: 0.001 });
    for (let i = 0; i < before; i++) alarm.add(Number(random.next() < 0.01));
    for (let i = 0; i < after && alarm.raisedAt === null; i++) alarm.add(Number(random.next() < 0.1));
    return alarm.raisedAt;
  };

  it('sees a rise from 1 to 10 % within 500 losses, from the start and after 20,000 good ones', () => {
    for (let run = 0; run < 20; run++) {
      for (const before of [0, 20_000]) {
        const at = alarmed(randomStream(run, 'shift'), before, 500);
        expect(at).toBeGreaterThan(before);
        expect(at).toBeLessThanOrEqual(before + 500);
      }
    }
  });

  it('is not raised in 20 runs of 20,000 losses within the bound', () => {
    for (let run = 0; run < 20; run++) expect(alarmed(randomStream(run, 'calm'), 20_000, 0)).toBeNull();
  });

  it('is raised no more often than its level says, while the mean is at the bound itself', () => {
    const raised = errorRate(300, 'bound', (random) => {
      const alarm = new RiskAlarm({ bound: 0.05, level: 0.1 });
      for (let i = 0; i < 2000; i++) alarm.add(Number(random.next() < 0.05));
      return alarm.raisedAt !== null;
    });
    expect(raised).toBeLessThanOrEqual(allowed(0.1, 300));
  });
});
