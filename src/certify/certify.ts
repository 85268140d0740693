/**
 * Certifies the dial: the fastest setting that loses no more than was asked, and a promise that holds so often as was asked. A pure
 * function of a trace of rows that have trained or chosen nothing. It cannot know whether they have: who calls it must.
 */
import { PyramidError } from '../errors.ts';
import { exitOf, type Outcome, outcomes } from '../evaluate/outcomes.ts';
import type { Trace } from '../evaluate/trace.ts';
import { knownOptions } from '../option.ts';
import { type Bounded, type Certificate, RISKS, type Risk } from '../pyramid/folder/certificate.ts';
import { DIAL } from './dial.ts';
import { fixedSequence } from './fixed-sequence.ts';
import { fullAnswers, lossesAt, needDial } from './losses.ts';
import { inOrder, readingOrder } from './reading-order.ts';
import { bounded, isRejected, type TestOptions } from './risk-test.ts';
import { rowsNeeded } from './rows-needed.ts';

/** What is to be promised. */
export interface CertifyOptions {
  /** `net-drop` where left out. */
  readonly risk?: Risk;
  /** ε, above 0 and below 1: 0.01 is one point. */
  readonly maxRisk: number;
  /** 1 − α, above 0 and below 1; 0.95 where left out. */
  readonly confidence?: number;
  /** Of the order in which rows are read. */
  readonly seed: number;
  /** [n]: the answers that count as full, as indices of labels: plain BERT's. The network's own, run to the end, where left out. */
  readonly reference?: readonly number[];
}

/** A certificate but for the fingerprint of what was frozen, which only the folder knows. */
export type CertificateFacts = Omit<Certificate, 'settings'>;

/** What came of it. */
export interface Certified {
  /**
   * tau null: nothing is certified, and every text goes to the end. That loses nothing against the network itself. Against
   * `reference` it may lose: `atTau` then says what full depth loses, and no promise is made.
   */
  readonly certificate: CertificateFacts;
  /**
   * About how many rows would certify the slowest setting that lets a text leave early; null where something is certified, and
   * where more rows would not help.
   */
  readonly rowsNeeded: number | null;
}

/** Throws MP_USAGE where the dial means nothing to the model, or a value is out of its range. */
export function certify(trace: Trace, given: CertifyOptions): Certified {
  const known = knownOptions(given, ['risk', 'maxRisk', 'confidence', 'seed', 'reference']);
  const { risk = 'net-drop', maxRisk, confidence = 0.95, seed, reference } = known;
  const options = testOptions({ risk, maxRisk, confidence });
  needDial(trace);
  const all = outcomes(trace);
  const full = fullAnswers(all, reference);
  const order = readingOrder(trace, seed);
  const losses = (tau: number | null) => inOrder(lossesAt(all, full, tau, risk), order);

  const last = fixedSequence(DIAL.length, (setting) => isRejected(risk, losses(DIAL[setting]), options));
  // settings slower than every exit lose nothing and save nothing: passing them is no certificate of leaving early
  const tau = last >= 0 && DIAL[last] >= slowest(all) ? DIAL[last] : null;
  return {
    certificate: {
      format: 1,
      risk,
      against: reference ? 'reference' : 'network',
      maxRisk,
      confidence,
      ...factsAt(all, tau, options),
      labelled: risk === 'disagreement' ? 0 : all.length,
      seed,
      tau,
      atTau: tau === null && !reference ? NOTHING : bounded(risk, losses(tau), options),
    },
    rowsNeeded: tau === null ? rowsNeeded(risk, losses(slowest(all)), options) : null,
  };
}

/** Against the network itself, the network run to the end loses nothing. */
const NOTHING: Bounded = { estimate: 0, upper: 0 };

/** What of a certificate is no test of its risk. */
export function factsAt(all: readonly Outcome[], tau: number | null, options: TestOptions) {
  const exits = new Array<number>(all[0].predicted.length).fill(0);
  for (const outcome of all) exits[exitOf(outcome, tau)]++;
  // sums of whole numbers, which no order of the rows changes
  const length = all.reduce((sum, row) => sum + row.length, 0) / all.length;
  const variance = all.reduce((sum, row) => sum + row.length ** 2, 0) / all.length - length ** 2;
  return {
    rows: all.length,
    disagreement:
      tau === null ? NOTHING : bounded('disagreement', lossesAt(all, fullAnswers(all), tau, 'disagreement'), options),
    exits: exits.map((count) => count / all.length),
    texts: { length, spread: Math.sqrt(Math.max(0, variance)), unknown: unknownShare(all) },
  };
}

/** Share of unknown pieces among all of the rows; null where it was not counted. */
function unknownShare(all: readonly Outcome[]): number | null {
  let [unknown, tokens] = [0, 0];
  for (const row of all) {
    if (row.unknown === null) return null;
    unknown += row.unknown;
    tokens += row.length;
  }
  return unknown / tokens;
}

/** The slowest setting at which a text leaves early; the fast end where none does. */
export const slowest = (all: readonly Outcome[]): number =>
  DIAL.find((tau) => all.some((outcome) => exitOf(outcome, tau) !== exitOf(outcome, null))) ?? DIAL.at(-1)!;

/** ε and α, checked. Throws MP_USAGE. */
export function testOptions({
  risk,
  maxRisk,
  confidence,
}: {
  risk: Risk;
  maxRisk: number;
  confidence: number;
}): TestOptions {
  if (!RISKS.includes(risk))
    throw new PyramidError('MP_USAGE', { what: `risk is "${risk}"`, todo: `give one of ${RISKS.join(', ')}` });
  for (const [name, value] of Object.entries({ maxRisk, confidence })) {
    if (!(value > 0 && value < 1))
      throw new PyramidError('MP_USAGE', { what: `${name} is ${value}`, todo: 'give a fraction between 0 and 1' });
  }
  return { maxRisk, alpha: 1 - confidence };
}
