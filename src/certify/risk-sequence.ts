/**
 * A confidence sequence for the mean of losses in [0, 1] that come one by one: an interval that holds at every time of looking, so
 * that an audit may be read after each text. Constant work and memory a loss. Knows no server.
 */
import betaln from '@stdlib/math-base-special-betaln';
import { PyramidError } from '../errors.ts';

/** Of the bets: Beta(½, ½), which is at home with rare losses. */
const PRIOR = 0.5;

/** How sure the interval is to be. */
export interface RiskSequenceOptions {
  /** 1 − α: how often the mean is inside at all times at once. */
  readonly confidence: number;
}

/**
 * For a mean m, the capital of a gambler who spreads bets θ over [0, 1] by a Beta(½, ½) is
 *   K_n(m) = B(½ + s, ½ + n − s) / B(½, ½) / (m^s (1 − m)^(n − s)),  s the sum of the losses,
 * for losses of 0 and 1 the betting martingale itself (λ = (θ − m) / (m (1 − m)) as θ runs), and no more than it for losses between
 * them, since m^−x (1 − m)^(x − 1) is convex in x. By Ville K stays below 1/α for the true m; the interval is where it does.
 */
export class RiskSequence {
  readonly #enough: number;
  #n = 0;
  #sum = 0;

  /** Throws MP_USAGE unless `confidence` is between 0 and 1. */
  constructor({ confidence }: RiskSequenceOptions) {
    if (!(confidence > 0 && confidence < 1))
      throw new PyramidError('MP_USAGE', {
        what: `confidence is ${confidence}`,
        todo: 'give a fraction between 0 and 1',
      });
    this.#enough = -Math.log(1 - confidence);
  }

  /** `loss` from 0 to 1. Throws MP_USAGE. */
  add(loss: number): void {
    needLoss(loss);
    this.#n++;
    this.#sum += loss;
  }

  /** Losses so far. */
  get n(): number {
    return this.#n;
  }
  /** Of the losses so far; 0 where there are none. */
  get mean(): number {
    return this.#n === 0 ? 0 : this.#sum / this.#n;
  }
  /** The mean is not below it, at the confidence asked for. */
  get lower(): number {
    return this.#bound(0);
  }
  /** The mean is not above it. */
  get upper(): number {
    return this.#bound(1);
  }

  /** Where the capital crosses 1/α between `outside` and the mean, where it falls all the way; `outside` where it does not. */
  #bound(outside: number): number {
    const [n, s] = [this.#n, this.#sum];
    const mixed = betaln(PRIOR + s, PRIOR + n - s) - betaln(PRIOR, PRIOR);
    const isInside = (m: number) => mixed - times(s, Math.log(m)) - times(n - s, Math.log1p(-m)) < this.#enough;
    if (isInside(outside)) return outside;
    let [out, inside] = [outside, this.mean];
    while (Math.abs(inside - out) > 1e-9) {
      const middle = (out + inside) / 2;
      if (isInside(middle)) inside = middle;
      else out = middle;
    }
    return out;
  }
}

/** 0 · (−∞) is 0: no loss was there to be unlikely. */
const times = (count: number, log: number): number => (count === 0 ? 0 : count * log);

/** Throws MP_USAGE unless `loss` is from 0 to 1. */
export function needLoss(loss: number): void {
  if (!(loss >= 0 && loss <= 1))
    throw new PyramidError('MP_USAGE', { what: `the loss is ${loss}`, todo: 'give a number from 0 to 1' });
}
