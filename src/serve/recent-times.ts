/** How long the requests of the last second took, from which the controller of tau takes its quantile. */
import { quantile } from './tau-control.ts';

const RECENT_MS = 1000;
/** Times that are kept: more than a second has on any machine of today. */
const MOST = 65_536;

export class RecentTimes {
  /** When requests were answered (ms), and how long they took; the oldest first, from `#first`. */
  #at: number[] = [];
  #took: number[] = [];
  #first = 0;

  /** A request was answered after so many milliseconds. */
  add(ms: number, now: number): void {
    if (this.#took.length - this.#first >= MOST) return;
    this.#at.push(now);
    this.#took.push(ms);
  }

  /** What 95 of 100 requests of the last second took at most; null if there were none. */
  p95(now: number): number | null {
    while (this.#first < this.#at.length && this.#at[this.#first] < now - RECENT_MS) this.#first++;
    if (this.#first > 1024) {
      this.#at = this.#at.slice(this.#first);
      this.#took = this.#took.slice(this.#first);
      this.#first = 0;
    }
    return quantile(Float64Array.from(this.#took.slice(this.#first)), 0.95);
  }
}
