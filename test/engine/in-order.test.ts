import { describe, expect, test } from 'vitest';
import { inOrder } from '../../src/engine/in-order.ts';

const later = <T>(value: T, ms: number) => new Promise<T>((resolve) => setTimeout(() => resolve(value), ms));

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('results in order', () => {
  test('follow the source though tasks end in another order', async () => {
    const results = inOrder([30, 1, 20, 2, 10], 3, (ms) => later(ms * 2, ms));
    expect(await all(results)).toEqual([60, 2, 40, 4, 20]);
  });

  test('come as soon as they are there when the source is slow', async () => {
    async function* slow() {
      yield 1;
      await later(null, 300);
      yield 2;
    }
    const results = inOrder(slow(), 100, async (x) => x);
    const start = performance.now();
    expect((await results.next()).value).toBe(1);
    expect(performance.now() - start).toBeLessThan(200);
    expect((await results.next()).value).toBe(2);
  });

  test('are never more than the limit ahead of their reader', async () => {
    let taken = 0;
    let read = 0;
    function* endless() {
      for (;;) yield taken++;
    }
    for await (const _ of inOrder(endless(), 10, async (x) => x)) {
      expect(taken - read).toBeLessThanOrEqual(11);
      if (++read === 500) break;
    }
    expect(taken).toBeGreaterThanOrEqual(500);
  });

  test('end the source and the tasks when the reader stops', async () => {
    let ended = false;
    const signals: AbortSignal[] = [];
    function* source() {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        ended = true;
      }
    }
    const results = inOrder(source(), 4, async (x, _, signal) => {
      signals.push(signal);
      return x;
    });
    for await (const x of results) if (x === 2) break;
    expect(ended).toBe(true);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
  });

  test('throw an error of a task, and of the source, after the results before it', async () => {
    const failing = async (of: AsyncIterable<number>) => {
      const found: number[] = [];
      try {
        for await (const x of of) found.push(x);
      } catch (error) {
        return [...found, (error as Error).message];
      }
      return found;
    };
    const task = async (x: number) => {
      if (x === 3) throw new Error('task 3');
      return later(x, 20 - x);
    };
    expect(await failing(inOrder([1, 2, 3, 4], 4, task))).toEqual([1, 2, 'task 3']);
    async function* source() {
      yield 1;
      yield 2;
      throw new Error('source');
    }
    expect(await failing(inOrder(source(), 4, task))).toEqual([1, 2, 'source']);
  });

  test('stop at once when the signal aborts, though the source is silent', async () => {
    async function* silent() {
      yield 1;
      await new Promise(() => {});
    }
    const controller = new AbortController();
    const results = inOrder(silent(), 4, async (x) => x, controller.signal);
    await results.next();
    const next = results.next();
    controller.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
  });
});
