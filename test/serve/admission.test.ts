import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PyramidError } from '../../src/errors.ts';
import { Admission, type Admitted } from '../../src/serve/admission.ts';

const limits = { maxWork: 6 * 1000, layers: 6, maxLength: 128 };

function codeOf(call: () => unknown): string | null {
  try {
    call();
    return null;
  } catch (error) {
    return (error as PyramidError).code;
  }
}

/** A machine that answers `perMs` tokens x layers a millisecond, in order; texts cost `share` of the dense price. */
function busy(admission: Admission, clock: { ms: number }, { perMs, share, texts }: Record<string, number>): void {
  const waiting: Admitted[] = [];
  for (let i = 0; i < texts; i++) {
    while (waiting.length < 20) waiting.push(admission.admit([120], null, null));
    clock.ms += (32 * 6 * share) / perMs;
    waiting.shift()!.end([{ characters: 120, tokens: 32 }]);
  }
  for (const one of waiting) one.end();
}

describe('the queue', () => {
  test('admits texts up to its bound, rejects more at once, and admits again when there is room', () => {
    const admission = new Admission(limits, () => 0);
    const admitted: Admitted[] = [];
    const fill = () => codeOf(() => admitted.push(admission.admit([120], null, null)));
    while (fill() === null);
    expect(admitted).toHaveLength(31); // 2 special tokens and 30 for 120 characters, in 1,000
    expect(admission.work).toBe(31 * 32 * 6);
    const refusal = admission.refusal();
    expect(refusal).toMatchObject({ code: 'MP_OVERLOADED', httpStatus: 429, details: { retryAfterS: 1 } });
    admitted[0].end();
    expect(fill()).toBeNull();
    expect(fill()).toBe('MP_OVERLOADED');
    expect(admission.refused).toBe(3);
  });

  test('counts no more tokens of a text than the model reads', () => {
    const admission = new Admission(limits, () => 0);
    admission.admit([1e6], null, null);
    expect(admission.work).toBe(128 * 6);
  });

  test('counts every window of a text that is not cut, and takes no windows beyond its bound', () => {
    const admission = new Admission(limits, () => 0);
    admission.admit([4 * 126], null, null, 26); // fits into one
    expect(admission.work).toBe(128 * 6);
    admission.admit([4 * 326], null, null, 26).end(); // 126, and twice 100 more
    const three = new Admission(limits, () => 0);
    three.admit([4 * 326], null, null, 26);
    expect(three.work).toBe((326 + 2 * 26 + 3 * 2) * 6);
    // 875 windows of 128
    expect(codeOf(() => admission.admit([4000], null, null, 125))).toBe('MP_REQUEST');
    expect(codeOf(() => new Admission(limits, () => 0).admit([4000], null, null, 125))).toBe('MP_REQUEST');
    // the engine says that the stride is too large
    expect(codeOf(() => new Admission(limits, () => 0).admit([3000], null, null, 1000))).toBeNull();
  });

  test('admits a request larger than the whole bound when the queue is empty', () => {
    const admission = new Admission(limits, () => 0);
    const large = admission.admit(new Array(50).fill(500), null, null);
    expect(codeOf(() => admission.admit([1], null, null))).toBe('MP_OVERLOADED');
    large.end();
    expect(codeOf(() => admission.admit([1], null, null))).toBeNull();
  });

  test('is empty again whatever was admitted, in whichever order it ended, even twice', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.array(fc.nat(900), { maxLength: 5 }), fc.nat())), (requests) => {
        const admission = new Admission({ ...limits, maxWork: 1e9 }, () => 0);
        const admitted = requests.map(([characters]) => admission.admit(characters, null, null));
        expect(admission.texts).toBe(requests.reduce((sum, [characters]) => sum + characters.length, 0));
        const order = requests.map(([, key], i) => ({ key, i })).sort((a, b) => a.key - b.key);
        for (const { i } of order) {
          admitted[i].end();
          admitted[i].end();
        }
        expect(admission.texts).toBe(0);
        expect(admission.work).toBe(0);
      }),
    );
  });
});

describe('the expected time', () => {
  test('is unknown, and rejects nothing, until the machine has been busy', () => {
    const admission = new Admission(limits, () => 0);
    for (let i = 0; i < 10; i++) admission.admit([120], 1, 1);
    expect(admission.expectedMs).toBe(0);
  });

  test('is the queue divided by the recent speed, with the recent cost of a text', () => {
    const clock = { ms: 0 };
    const admission = new Admission(limits, () => clock.ms);
    busy(admission, clock, { perMs: 50, share: 0.1, texts: 3000 });
    for (let i = 0; i < 20; i++) admission.admit([120], null, null);
    expect(admission.expectedMs).toBeGreaterThan(0.9 * ((20 * 32 * 6 * 0.1) / 50));
    expect(admission.expectedMs).toBeLessThan(1.1 * ((20 * 32 * 6 * 0.1) / 50));
  });

  test('follows a machine that becomes slower', () => {
    const clock = { ms: 0 };
    const admission = new Admission(limits, () => clock.ms);
    busy(admission, clock, { perMs: 50, share: 0.1, texts: 2000 });
    busy(admission, clock, { perMs: 5, share: 0.1, texts: 2000 });
    for (let i = 0; i < 20; i++) admission.admit([120], null, null);
    expect(admission.expectedMs).toBeGreaterThan(0.8 * ((20 * 32 * 6 * 0.1) / 5));
  });

  test('rejects early what cannot be answered in time, and says when to try again', () => {
    const clock = { ms: 0 };
    const admission = new Admission(limits, () => clock.ms);
    busy(admission, clock, { perMs: 1, share: 1, texts: 500 });
    for (let i = 0; i < 20; i++) admission.admit([120], null, null);
    expect(admission.expectedMs).toBeGreaterThan(3500);
    expect(codeOf(() => admission.admit([120], 100, null))).toBe('MP_DEADLINE_EARLY');
    expect(codeOf(() => admission.admit([120], 60_000, null))).toBeNull();
    expect(codeOf(() => admission.admit([120], null, 100))).toBe('MP_OVERLOADED');
    expect(admission.refusal().details.retryAfterS).toBeGreaterThanOrEqual(4);
    expect(admission.isFull(100)).toBe(true);
    expect(admission.isFull(60_000)).toBe(false);
  });
});
