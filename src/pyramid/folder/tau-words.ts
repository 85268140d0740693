/**
 * A tau, how it came about and what it promises, and when a model is unsure, in words: for the command line, the model card, the
 * server and the page.
 */
import { type Abstention, UNSURE } from './abstention.ts';
import type { Certificate, Risk } from './certificate.ts';
import { type Dial, originOf } from './dial.ts';

/** Of a folder, or of a loaded model, where null stands for what is left out. */
export interface SaidDial extends Pick<Dial, 'tau'> {
  readonly tauFrom?: Dial['tauFrom'] | null;
  readonly certificate?: Omit<Certificate, 'settings'> | null;
  readonly certificateVoid?: string | null;
}

/** As a part of a sentence: `tau 0.34, certified: …`. */
export const tauInWords = (dial: SaidDial): string => said(dial, ',');

/** As a sentence without its full stop: `Tau 0.34 is certified: …`. */
export const tauSentence = (dial: SaidDial): string => said(dial, ' is').replace(/^t/, 'T');

/** `link`: what stands between the tau and how it came about. */
function said({ tau, tauFrom, certificate, certificateVoid }: SaidDial, link: ',' | ' is'): string {
  const is = `tau ${tau ?? 'off'}`;
  if (certificateVoid) return `${is}${link} chosen, not certified: its certificate holds no longer, ${certificateVoid}`;
  switch (originOf({ tau, tauFrom: tauFrom ?? undefined })) {
    case 'certified':
      return tau === null ? `${is}: ${nothing(certificate!)}` : `${is}${link} certified: ${promise(certificate!)}`;
    case 'chosen':
      return `${is}${link} chosen, not certified`;
    case 'given':
      return `${is}${link} as given`;
    case null:
      return is;
  }
}

/** Of a certificate of no setting. */
const nothing = ({ against, atTau }: Pick<Certificate, 'against' | 'atTau'>): string =>
  against === 'network'
    ? 'no earlier exit could be certified, so that every text goes to the end'
    : `nothing could be certified against the given answers, so that every text goes to the end, which itself may lose up to ${points(atTau.upper)}`;

/** What a certificate says, as a part of a sentence. */
export function promise({ risk, against, maxRisk, confidence, ...seen }: Omit<Certificate, 'settings'>): string {
  const { rows, labelled, atTau } = seen;
  const from =
    labelled === rows
      ? `${whole(rows)} rows`
      : `${whole(rows)} texts, ${labelled === 0 ? 'without labels' : `${whole(labelled)} of them labelled`}`;
  const full = against === 'network' ? 'the model run to the end' : 'the given answers';
  const amount = amountOf(risk);
  return `${RISK_WORDS[risk](amount(maxRisk), full)}, at ${percent(confidence)} confidence (${from}: ${amount(atTau.estimate)}, upper bound ${amount(atTau.upper)})`;
}

const RISK_WORDS: Readonly<Record<Risk, (most: string, full: string) => string>> = {
  'net-drop': (most, full) => `it loses at most ${most} of accuracy against ${full}`,
  harm: (most, full) => `it is wrong where ${full} is right on at most ${most} of the texts`,
  disagreement: (most, full) => `it answers otherwise than ${full} on at most ${most} of the texts`,
};

/** How much of a risk is written: accuracy in points, how often something happens in percent. */
export const amountOf = (risk: Risk): ((share: number) => string) => (risk === 'net-drop' ? points : percent);

/** A share as points, hundredths: 1 point, 0.25 points. */
export const points = (share: number): string =>
  `${number(100 * share)} ${number(100 * share) === '1' ? 'point' : 'points'}`;

const percent = (share: number): string => `${number(100 * share)} %`;
/** When a model is unsure, as a sentence without its full stop. */
export const abstentionInWords = ({ minScore, ...made }: Omit<Abstention, 'settings'>): string =>
  minScore === 0
    ? answersAll(made)
    : `Answers with a score below ${minScore} are "${UNSURE}": of the others at least ${percent(made.accuracy)} are right, at ${percent(made.confidence)} confidence (${whole(made.rows)} rows: ${percent(made.answered)} answered, of which ${percent(made.right.estimate)} right, lower bound ${percent(made.right.lower)})`;

/** Where the accuracy that was asked for holds without abstaining. */
const answersAll = ({ accuracy, confidence, rows, right }: Omit<Abstention, 'settings' | 'minScore'>): string =>
  `Every text is answered: at least ${percent(accuracy)} of the answers are right, at ${percent(confidence)} confidence (${whole(rows)} rows: ${percent(right.estimate)} right, lower bound ${percent(right.lower)})`;

/** At most two decimals. */
const number = (value: number): string => String(Number(value.toFixed(2)));
const whole = (value: number): string => value.toLocaleString('en-US');
