/** The dial the other way round: the speed is given, and the least risk that can be certified at it is found. */
import { PyramidError } from '../errors.ts';
import { summarize } from '../evaluate/judge.ts';
import { type CountOptions, outcomes } from '../evaluate/outcomes.ts';
import type { Trace } from '../evaluate/trace.ts';
import { knownOptions } from '../option.ts';
import type { Risk } from '../pyramid/folder/certificate.ts';
import { type CertificateFacts, factsAt, testOptions } from './certify.ts';
import { DIAL } from './dial.ts';
import { fullAnswers, lossesAt, needDial } from './losses.ts';
import { inOrder, readingOrder } from './reading-order.ts';
import { bounded } from './risk-test.ts';

/** The speed that is asked for, and how the risk is bounded. */
export interface LeastRiskOptions extends CountOptions {
  /** Times fewer operations than the dense network, above 0. */
  readonly minSpeedup: number;
  /** The count that the speed-up is in; `actual` where left out. */
  readonly by?: 'actual' | 'paper';
  /** `net-drop` where left out. */
  readonly risk?: Risk;
  /** 1 − α, above 0 and below 1; 0.95 where left out. */
  readonly confidence?: number;
  /** Of the order in which rows are read. */
  readonly seed: number;
  /** [n]: the answers that count as full, as indices of labels; the network's own, run to the end, where left out. */
  readonly reference?: readonly number[];
}

/** The setting that was found. */
export interface LeastRisk {
  /** `maxRisk` is the upper bound found: the promise is that the risk is below it. */
  readonly certificate: CertificateFacts;
  /** Of these rows, in the count asked for; null where no part of the network runs. */
  readonly speedup: number | null;
}

/** Bets made for a drop of about so much: the risk is not known before. */
const USUAL_RISK = 0.01;

/**
 * The slowest setting of `DIAL` that is at least so fast on these rows, with the bound of its risk; null where none is. The
 * bound is that of one setting, tested once. Which setting it is was seen on the same rows, from their operations: a draw rich in
 * easy texts is fast at a slower setting and loses less there, so the bound is a little too good (docs/promise.md).
 */
export function leastRisk(trace: Trace, given: LeastRiskOptions): LeastRisk | null {
  const names = ['minSpeedup', 'by', 'risk', 'confidence', 'seed', 'reference', 'peeks', 'dense'] as const;
  const known = knownOptions(given, names);
  const { minSpeedup, by = 'actual', risk = 'net-drop', confidence = 0.95, seed, reference, ...counts } = known;
  if (!(minSpeedup > 0))
    throw new PyramidError('MP_USAGE', { what: `minSpeedup is ${minSpeedup}`, todo: 'give a number above 0' });
  const options = testOptions({ risk, maxRisk: USUAL_RISK, confidence });
  needDial(trace);
  const all = outcomes(trace, counts);
  const speedupAt = (tau: number) => summarize(all, tau, trace.labels.length).speedup[by];
  // without end where no part of the network runs
  const tau = DIAL.find((setting) => (speedupAt(setting) ?? Number.POSITIVE_INFINITY) >= minSpeedup);
  if (tau === undefined) return null;
  const losses = inOrder(lossesAt(all, fullAnswers(all, reference), tau, risk), readingOrder(trace, seed));
  const atTau = bounded(risk, losses, options);
  return {
    certificate: {
      format: 1,
      risk,
      against: reference ? 'reference' : 'network',
      maxRisk: atTau.upper,
      confidence,
      ...factsAt(all, tau, options),
      labelled: risk === 'disagreement' ? 0 : all.length,
      seed,
      tau,
      single: true,
      atTau,
    },
    speedup: speedupAt(tau),
  };
}
