/**
 * The texts that wait at one stage, and which of them form the next batch: the oldest and those nearest to it in length. So
 * padding inside attention stays small and no text is left behind.
 */
import { type Job, rowsOf } from './job.ts';

export interface BatchSize {
  /** Rows, or texts, from which a batch is as fast a row, or a text, as any larger one. */
  readonly enoughRows: number;
  readonly enoughTexts: number;
  /** Rows that a batch may have at most (a single longer text is a batch by itself). */
  readonly maxRows: number;
}

/** Of attention's work, the share that padding may be in a batch that has enough rows without more texts. */
const PADDING = 0.1;

export class Waiting {
  readonly #size: BatchSize;
  /** The oldest first. */
  #jobs: Job[] = [];
  #rows = 0;

  constructor(size: BatchSize) {
    this.#size = size;
  }

  get texts(): number {
    return this.#jobs.length;
  }

  /** Someone waits for one of its texts: they stand before those of the background. */
  get isAwaited(): boolean {
    return this.since < Number.POSITIVE_INFINITY;
  }

  /** There is enough for a batch that wastes nothing, and someone waits for it. */
  get isFull(): boolean {
    return (this.#rows >= this.#size.enoughRows || this.#jobs.length >= this.#size.enoughTexts) && this.isAwaited;
  }

  /** The step at which the oldest came; Infinity if nobody waits, or none but the background. */
  get since(): number {
    return this.#jobs[0]?.since ?? Number.POSITIVE_INFINITY;
  }

  add(jobs: readonly Job[]): void {
    for (const job of jobs) {
      let at = this.#jobs.length;
      while (at > 0 && this.#jobs[at - 1].since > job.since) at--;
      this.#jobs.splice(at, 0, job);
      this.#rows += rowsOf(job);
    }
  }

  /** Drops every job for which `test` holds. */
  remove(test: (job: Job) => boolean): void {
    if (this.#jobs.some(test)) this.#keep((job) => !test(job));
  }

  /** The next batch, shortest first; empty if nobody waits. */
  take(): Job[] {
    if (this.#jobs.length === 0) return [];
    const sorted = this.#jobs.slice().sort((a, b) => rowsOf(a) - rowsOf(b));
    const oldest = sorted.indexOf(this.#jobs[0]);
    const [from, to] = window(sorted.map(rowsOf), oldest, this.#size);
    const batch = sorted.slice(from, to);
    const taken = new Set(batch);
    this.#keep((job) => !taken.has(job));
    return batch;
  }

  #keep(test: (job: Job) => boolean): void {
    this.#jobs = this.#jobs.filter(test);
    this.#rows = this.#jobs.reduce((sum, job) => sum + rowsOf(job), 0);
  }
}

/** The part [from, to) of ascending `lengths` around `start` that makes a batch. */
export function window(
  lengths: readonly number[],
  start: number,
  { enoughRows, enoughTexts, maxRows }: BatchSize,
): [number, number] {
  let from = start;
  let to = start + 1;
  let rows = lengths[start];
  let squares = rows * rows;
  while (from > 0 || to < lengths.length) {
    const shorter = from > 0 ? lengths[start] - lengths[from - 1] : Number.POSITIVE_INFINITY;
    const longer = to < lengths.length ? lengths[to] - lengths[start] : Number.POSITIVE_INFINITY;
    const next = shorter <= longer ? from - 1 : to;
    const length = lengths[next];
    if (rows + length > maxRows) break;
    const longest = Math.max(lengths[to - 1], length);
    const padded = (to - from + 1) * longest * longest;
    const waste = 1 - (squares + length * length) / padded;
    if ((rows >= enoughRows || to - from >= enoughTexts) && waste > PADDING) break;
    rows += length;
    squares += length * length;
    if (next < from) from = next;
    else to = next + 1;
  }
  return [from, to];
}
