import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Job, newJob, rowsOf } from '../../src/engine/job.ts';
import { Waiting } from '../../src/engine/waiting.ts';

const size = { enoughRows: 100, enoughTexts: 8, maxRows: 200 };
const job = (id: number, length: number, since = 0) =>
  Object.assign(
    newJob(
      id,
      { ids: new Int32Array(length), types: new Uint8Array(length), truncated: false },
      { tau: null, trace: false },
    ),
    { since },
  );

describe('texts that wait', () => {
  test('each come out once: the oldest in the next batch, with texts of similar length, never more rows than fit', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.array(fc.record({ length: fc.integer({ min: 2, max: 250 }), since: fc.nat(9) }), { maxLength: 30 }),
          { maxLength: 6 },
        ),
        (arrivals) => {
          const waiting = new Waiting(size);
          let left: Job[] = [];
          let id = 0;
          const take = () => {
            const since = waiting.since;
            const batch = waiting.take();
            if (left.length === 0) return batch.length === 0;
            const oldest = left.reduce((a, b) => (b.since < a.since ? b : a));
            expect(since).toBe(oldest.since);
            expect(batch).toContain(oldest);
            const lengths = batch.map(rowsOf);
            expect(lengths).toEqual(lengths.slice().sort((a, b) => a - b));
            const rows = lengths.reduce((a, b) => a + b, 0);
            expect(batch.length === 1 || rows <= size.maxRows).toBe(true);
            // what is padded more than a tenth is no larger than it has to be
            const padded = batch.length * lengths.at(-1)! ** 2;
            const squares = lengths.reduce((a, b) => a + b * b, 0);
            if (1 - squares / padded > 0.1) {
              expect(
                Math.min(rows - lengths[0], rows - lengths.at(-1)!) < size.enoughRows ||
                  batch.length <= size.enoughTexts,
              ).toBe(true);
            }
            left = left.filter((one) => !batch.includes(one));
            return true;
          };
          for (const arrived of arrivals) {
            const jobs = arrived.map(({ length, since }) => job(id++, length, since));
            left.push(...jobs);
            waiting.add(jobs);
            take();
          }
          while (left.length > 0) take();
          expect(waiting.texts).toBe(0);
          expect(waiting.take()).toEqual([]);
          expect(waiting.since).toBe(Number.POSITIVE_INFINITY);
        },
      ),
      { numRuns: 300, seed: 9 },
    );
  });

  test('are enough for a batch by their rows or by their number', () => {
    const waiting = new Waiting(size);
    waiting.add([job(0, 99)]);
    expect(waiting.isFull).toBe(false);
    waiting.add([job(1, 2)]);
    expect(waiting.isFull).toBe(true);
    waiting.take();
    waiting.add(Array.from({ length: 7 }, (_, i) => job(i, 2)));
    expect(waiting.isFull).toBe(false);
    waiting.add([job(9, 2)]);
    expect(waiting.isFull).toBe(true);
  });

  test('that are dropped are gone', () => {
    const waiting = new Waiting(size);
    waiting.add([job(0, 99), job(1, 5)]);
    waiting.remove(({ id }) => id === 0);
    expect(waiting.isFull).toBe(false);
    expect(waiting.take().map(({ id }) => id)).toEqual([1]);
  });
});
