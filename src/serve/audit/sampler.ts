/**
 * Which texts are audited: each with the same probability, whatever else is. The gaps between them are drawn rather than a
 * number for each text, since this is asked for every text that is answered. Knows nothing of texts.
 */
import type { RandomStream } from '../../random.ts';

export class Sampler {
  readonly #rate: number;
  readonly #random: Pick<RandomStream, 'next'>;
  /** Texts that go by before the next one is taken. */
  #gap: number;

  /** `rate`, 0 to 1: the probability of a text. */
  constructor(rate: number, random: Pick<RandomStream, 'next'>) {
    this.#rate = rate;
    this.#random = random;
    this.#gap = this.#draw();
  }

  /** Whether the next text is taken. */
  next(): boolean {
    if (this.#gap > 0) {
      this.#gap--;
      return false;
    }
    this.#gap = this.#draw();
    return true;
  }

  /** P(gap ≥ k) = (1 − rate)^k; 1 − rate itself would be 1 for a tiny one, and every text be taken. */
  #draw(): number {
    if (this.#rate >= 1) return 0;
    if (this.#rate <= 0) return Number.POSITIVE_INFINITY;
    return Math.floor(Math.log(1 - this.#random.next()) / Math.log1p(-this.#rate));
  }
}
