/**
 * What a served model has done, counted: plain additions for each text, read by the metrics when they are asked for.
 * Also the times of the last second, from which the controller of tau takes its quantile. Knows no metrics library.
 */
import type { ClassifiedText } from './served-model.ts';
import { quantile } from './tau-control.ts';

const RECENT_MS = 1000;
/** Times that are kept: more than a second has on any machine of today. */
const MOST = 65_536;

export class Tally {
  texts = 0;
  characters = 0;
  tokens = 0;
  truncated = 0;
  flops = 0;
  denseFlops = 0;
  /** By layer that answered, entry l−1. */
  readonly exits: number[];
  /** Tokens that entered a layer, entry l−1. */
  readonly tokensByLayer: number[];
  /** Since when (ms), and how long requests took; the oldest first, from `#first`. */
  #at: number[] = [];
  #took: number[] = [];
  #first = 0;

  constructor(layers: number) {
    this.exits = new Array<number>(layers).fill(0);
    this.tokensByLayer = new Array<number>(layers).fill(0);
  }

  add({ exit, tokens, truncated, flops, denseFlops }: ClassifiedText, characters: number): void {
    this.texts++;
    this.characters += characters;
    this.tokens += tokens[0];
    if (truncated) this.truncated++;
    this.flops += flops;
    this.denseFlops += denseFlops;
    this.exits[exit - 1]++;
    for (let layer = 1; layer <= exit; layer++) this.tokensByLayer[layer - 1] += tokens[layer - 1] ?? 0;
  }

  /** A request was answered after so many milliseconds. */
  took(ms: number, now: number): void {
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
