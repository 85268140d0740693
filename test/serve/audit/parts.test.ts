/** What an auditor is made of: who is sampled, what audits may cost, the order of findings, drift. */
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/random.ts';
import { Budget } from '../../../src/serve/audit/budget.ts';
import { BLOCK, Drift, LEAST_TEXTS } from '../../../src/serve/audit/drift.ts';
import { InTurn } from '../../../src/serve/audit/in-turn.ts';
import { Sampler } from '../../../src/serve/audit/sampler.ts';

describe('sampling', () => {
  test('takes each text with the same probability, one after the other or apart (seed 1)', () => {
    const [rate, texts] = [0.05, 200_000];
    const sampler = new Sampler(rate, randomStream(1));
    const taken = Array.from({ length: texts }, () => sampler.next());
    const share = (of: readonly boolean[]) => of.filter(Boolean).length / of.length;
    const deviation = (n: number) => Math.sqrt((rate * (1 - rate)) / n);
    expect(Math.abs(share(taken) - rate)).toBeLessThan(4 * deviation(texts));
    const next = taken.filter((_, i) => i > 0 && taken[i - 1]);
    expect(Math.abs(share(next) - rate)).toBeLessThan(4 * deviation(next.length));
  });

  test('takes all at rate 1 and none at rate 0', () => {
    for (const rate of [0, 1]) {
      const sampler = new Sampler(rate, randomStream(1));
      expect(Array.from({ length: 50 }, () => sampler.next())).toEqual(new Array(50).fill(rate === 1));
    }
  });
});

test('a tiny rate takes hardly any text, not all of them (seed 1)', () => {
  const sampler = new Sampler(1e-17, randomStream(1));
  expect(Array.from({ length: 50 }, () => sampler.next())).not.toContain(true);
});

describe('the budget', () => {
  const audit = { exit: 4, flops: 4000, tokenizeMs: 0.1, inferenceMs: 8 }; // 500 operations a millisecond
  const atFloor = { exit: 0, flops: 10, tokenizeMs: 0.04, inferenceMs: 0.01 };

  test('allows one audit before anything is known of the cost of one', () => {
    const budget = new Budget(0.05);
    expect([budget.promise(), budget.promise()]).toEqual([true, false]);
    budget.release();
    expect(budget.promise()).toBe(true);
  });

  test('keeps audits to its share of the work of answers, which texts that leave at floor 0 add little to', () => {
    const budget = new Budget(0.05);
    let audits = 0;
    for (let i = 0; i < 200_000; i++) {
      budget.earn(atFloor);
      if (!budget.promise()) continue;
      audits++;
      budget.spend(audit);
    }
    // 0.05 ms a text, of which a twentieth; 8.1 ms an audit; and the first, before anything was known
    expect(audits).toBe(1 + Math.floor((200_000 * 0.05 * 0.05) / 8.1));
  });

  test("counts the network's operations at the speed of audits, not the times of texts that shared a batch", () => {
    const budget = new Budget(0.5);
    expect(budget.promise()).toBe(true);
    budget.spend({ ...audit, tokenizeMs: 0 });
    let texts = 0;
    while (!budget.promise()) {
      budget.earn({ exit: 2, flops: 500, tokenizeMs: 0, inferenceMs: 1000 }); // 1 ms of work in a second's wait
      texts++;
    }
    expect(texts).toBe(16);
  });

  test('counts what it promised, and lets no more than some audits be saved up', () => {
    const budget = new Budget(1);
    budget.promise();
    budget.spend({ ...audit, tokenizeMs: 0 });
    for (let i = 0; i < 5000; i++) budget.earn({ ...audit, tokenizeMs: 0 });
    let promised = 0;
    while (budget.promise()) promised++;
    expect(promised).toBe(1001);
    budget.release();
    expect([budget.promise(), budget.promise()]).toEqual([true, false]);
  });
});

test('findings are handed on in the order of their places, and places without one are passed over', () => {
  const found: string[] = [];
  const inTurn = new InTurn<string>(4, (one) => found.push(one));
  const [a, b, c, d] = Array.from({ length: 4 }, () => inTurn.take());
  expect(inTurn.isFull).toBe(true);
  d.fill('d');
  b.fill(null);
  expect(found).toEqual([]);
  a.fill('a');
  expect(found).toEqual(['a']);
  expect(inTurn.length).toBe(2);
  c.fill('c');
  expect(found).toEqual(['a', 'c', 'd']);
});

describe('drift', () => {
  const usual = { exits: [0.5, 0.25, 0.25], texts: { length: 20, spread: 10, unknown: 0.02 } };
  const fill = (drift: Drift, exits: readonly number[], length: number, texts: number, unknown = 0) => {
    for (let i = 0; i < texts; i++) drift.add({ exit: exits[i % exits.length], tokens: [length], unknown });
  };

  test('is nothing while exits and lengths are those of the calibration, and unknown of too few texts', () => {
    const drift = new Drift(2, usual);
    fill(drift, [0, 0, 1, 2], 20, LEAST_TEXTS - 4);
    expect(drift.state).toEqual({
      texts: LEAST_TEXTS - 4,
      exits: null,
      length: null,
      unknown: null,
      usualUnknown: 0.02,
    });
    fill(drift, [0, 0, 1, 2], 20, 4);
    expect(drift.state).toEqual({ texts: LEAST_TEXTS, exits: 0, length: 0, unknown: 0, usualUnknown: 0.02 });
  });

  test('is the share of texts that leave elsewhere, standard deviations of length, and unknown pieces', () => {
    const drift = new Drift(2, usual);
    fill(drift, [0, 2, 2, 2], 35, 1000, 7);
    expect(drift.state).toEqual({ texts: 1000, exits: 0.5, length: 1.5, unknown: 0.2, usualUnknown: 0.02 });
  });

  test('is of the last texts, and without a certificate of unknown pieces alone', () => {
    const drift = new Drift(2, usual);
    fill(drift, [2], 35, 3 * BLOCK);
    fill(drift, [0, 0, 1, 2], 20, 2 * BLOCK);
    expect(drift.state).toMatchObject({ texts: 2 * BLOCK, exits: 0, length: 0 });
    const without = new Drift(2, null);
    fill(without, [1], 10, 1000, 1);
    expect(without.state).toEqual({ texts: 1000, exits: null, length: null, unknown: 0.1, usualUnknown: null });
  });
});
