import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  firstState,
  nextState,
  type Observed,
  quantile,
  type TauLimits,
  type TauState,
} from '../../src/serve/tau-control.ts';

const limits: TauLimits = { low: 0.3, high: 0.7, sloMs: 50 };

/**
 * A queue that is worked off in order, a millisecond at a time. The cost of a request falls with tau: from 1 ms at low
 * to `cheapest` at high. Requests that should take longer than allowed are refused.
 */
function simulate(
  perSecond: (second: number) => number,
  seconds: number,
  cheapest = 0.25,
  { low, high, sloMs } = limits,
) {
  const stepMs = 25;
  let state: TauState = firstState({ low, high, sloMs });
  let queuedMs = 0;
  let refused = 0;
  let accepted = 0;
  const times: number[] = [];
  const taus: number[] = [];
  const waits: number[] = [];
  for (let at = 0; at < 1000 * seconds; at += stepMs) {
    const costMs = 1 - ((1 - cheapest) * (state.tau - low)) / (high - low);
    const recent: number[] = [];
    for (let i = 0; i < stepMs; i++) {
      queuedMs = Math.max(0, queuedMs - 1);
      const arrivals = perSecond((at + i) / 1000) / 1000;
      for (let a = 0; a < Math.floor(arrivals) + (((at + i) * (arrivals % 1)) % 1 < arrivals % 1 ? 1 : 0); a++) {
        if (queuedMs + costMs > state.allowedMs) refused++;
        else {
          queuedMs += costMs;
          accepted++;
          recent.push(queuedMs);
        }
      }
    }
    times.push(...recent.map(() => at));
    waits.push(...recent);
    taus.push(state.tau);
    const last = waits.slice(times.findIndex((time) => time > at - 1000));
    state = nextState(
      state,
      {
        elapsedMs: stepMs,
        expectedMs: queuedMs,
        p95Ms: recent.length === 0 ? null : quantile(Float64Array.from(last), 0.95),
      },
      { low, high, sloMs },
    );
  }
  const at = (second: number) => taus[Math.floor((second * 1000) / stepMs)];
  return { taus, at, refused, accepted, waits, state };
}

describe('tau under load', () => {
  test('stays where it is while answers are fast', () => {
    const { taus, refused } = simulate(() => 300, 20);
    expect(new Set(taus)).toEqual(new Set([limits.low]));
    expect(refused).toBe(0);
  });

  test('rises within a second when there are more requests than the lowest tau can answer, and hardly any is rejected', () => {
    const { at, refused, accepted } = simulate((second) => (second < 2 ? 300 : 2000), 20);
    expect(at(1.9)).toBe(limits.low);
    expect(at(3)).toBeGreaterThan(0.5);
    expect(refused).toBeLessThan(0.005 * accepted);
  });

  test('falls back after the load ends: not at once, but all the way', () => {
    const { at } = simulate((second) => (second < 5 ? 3000 : 100), 30);
    expect(at(4.9)).toBeGreaterThan(0.6);
    expect(at(5.5)).toBeGreaterThan(0.6);
    expect(at(8)).toBeLessThan(at(5.5));
    expect(at(20)).toBe(limits.low);
  });

  test('rejects what the highest tau cannot answer, and keeps the target for the rest', () => {
    const { taus, refused, accepted, waits } = simulate(() => 40_000, 20);
    expect(Math.max(...taus)).toBe(limits.high);
    expect(refused).toBeGreaterThan(accepted);
    expect(accepted / 20).toBeGreaterThan(3500); // of 4,000 a second at high
    expect(quantile(Float64Array.from(waits.slice(accepted / 10)), 0.95)!).toBeLessThanOrEqual(limits.sloMs);
  });

  test('does not oscillate under a steady load that some tau in between can answer', () => {
    const { taus } = simulate(() => 1500, 60);
    const last = taus.slice(taus.length / 2);
    expect(Math.max(...last) - Math.min(...last)).toBeLessThan(0.3 * (limits.high - limits.low));
  });
});

describe('a step', () => {
  const state = fc.record({
    tau: fc.double({ min: 0.3, max: 0.7, noNaN: true }),
    allowedMs: fc.double({ min: 5, max: 50, noNaN: true }),
    calmMs: fc.double({ min: 0, max: 1e5, noNaN: true }),
  });
  const ms = fc.double({ min: 0, max: 1e6, noNaN: true });
  const seen: fc.Arbitrary<Observed> = fc.record({
    elapsedMs: fc.double({ min: 0, max: 1e4, noNaN: true }),
    expectedMs: ms,
    p95Ms: fc.option(ms),
  });

  test('keeps tau within its range, and the allowed time within the target, whatever is measured', () => {
    fc.assert(
      fc.property(state, fc.array(seen, { maxLength: 50 }), (from, sights) => {
        let now: TauState = from;
        for (const sight of sights) {
          now = nextState(now, sight, limits);
          expect(now.tau).toBeGreaterThanOrEqual(limits.low);
          expect(now.tau).toBeLessThanOrEqual(limits.high);
          expect(now.allowedMs).toBeGreaterThanOrEqual(10);
          expect(now.allowedMs).toBeLessThanOrEqual(50);
        }
      }),
    );
  });

  test('never lowers tau for a longer queue or slower answers', () => {
    fc.assert(
      fc.property(state, seen, ms, ms, (from, sight, moreQueue, slower) => {
        const worse = {
          ...sight,
          expectedMs: sight.expectedMs + moreQueue,
          p95Ms: sight.p95Ms === null ? null : sight.p95Ms + slower,
        };
        expect(nextState(from, worse, limits).tau).toBeGreaterThanOrEqual(nextState(from, sight, limits).tau);
      }),
    );
  });

  test('holds tau while answers are neither fast nor nearly too slow', () => {
    for (const share of [0.31, 0.45, 0.59])
      expect(
        nextState(
          { tau: 0.5, allowedMs: 50, calmMs: 9e9 },
          { elapsedMs: 100, expectedMs: 50 * share, p95Ms: null },
          limits,
        ).tau,
      ).toBe(0.5);
  });
});
