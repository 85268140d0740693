/**
 * What a folder says of its tau for one dtype: the value, how it came about, and what stands behind it. Not trusted: every
 * field is checked. Knows nothing of the rest of the `pyramid` object.
 */
import { type Abstention, abstentionProblem } from './abstention.ts';
import { type Certificate, certificateProblem, TAU_ORIGINS, type TauOrigin } from './certificate.ts';
import { DTYPES, type Dtype } from './dtype.ts';
import { type Field, isObject, number, oneOf, optional, orNull, problemIn, problemOf, tauField } from './field.ts';

/** What the choice was made by; figures are of the calibration rows. */
export interface Calibration {
  /** What the rows were run in: the tau holds for this. */
  readonly dtype: Dtype;
  readonly rows: number;
  readonly target: { readonly maxDrop: number } | { readonly speedup: number };
  /** The count of operations that it was made by. */
  readonly by: 'actual' | 'paper';
  /** Without exits. */
  readonly baseline: number;
  readonly accuracy: number;
  /** What `baseline`, `accuracy` and `curve` are of, where that is not accuracy. */
  readonly figure?: 'microF1' | 'r2';
  /** null where no layer ran. */
  readonly speedupPaper: number | null;
  readonly speedupActual: number | null;
  /** Where it was planned which heads to ask: milliseconds of one worker a text by the plan, and with all heads asked. */
  readonly plan?: { readonly msPerText: number; readonly msPerTextAllHeads: number };
  /** [tau, accuracy] by rising tau, for those who turn the dial later. */
  readonly curve?: readonly (readonly [number, number])[];
}

export interface Dial {
  /** Halt value; null: none was looked for, early exit does not pay, or none could be certified. */
  readonly tau: number | null;
  /** Left out in older folders: `originOf` says what holds then. */
  readonly tauFrom?: TauOrigin;
  /** Where `tauFrom` is `certified`, and there alone. */
  readonly certificate?: Certificate;
  /** Why the folder's certificate holds no longer. Found when the folder is read, never kept in it. */
  readonly certificateVoid?: string;
  /** When the model is unsure; left out: it answers every text. */
  readonly abstention?: Abstention;
  /** Why the folder's abstention holds no longer, so that every text is answered. Found when the folder is read, never kept in it. */
  readonly abstentionVoid?: string;
  /** What `tau` was chosen by; left out where training chose it. */
  readonly calibration?: Calibration;
}

/** What a folder may keep of it. */
const KEPT = ['tau', 'tauFrom', 'certificate', 'abstention', 'calibration'] as const satisfies readonly (keyof Dial)[];

/** How the tau came about; null: there is none. Older folders do not say: theirs was the best of a curve. */
export const originOf = ({ tau, tauFrom }: Pick<Dial, 'tau' | 'tauFrom'>): TauOrigin | null =>
  tauFrom ?? (tau === null ? null : 'chosen');

/** The dial of `info` alone, as a folder keeps it. */
export const dialOf = (info: Dial): Dial =>
  Object.fromEntries(KEPT.filter((key) => info[key] !== undefined).map((key) => [key, info[key]])) as unknown as Dial;

/** `info` without its dial. */
export function withoutDial<T extends Dial>(info: T): Omit<T, keyof Dial> {
  const { tau: _, tauFrom: __, certificate: _c, certificateVoid: _v, calibration: _n, ...others } = info;
  const { abstention: _a, abstentionVoid: _o, ...rest } = others;
  return rest as Omit<T, keyof Dial>;
}

/** As it was, or with `reason` in the place of a certificate that no longer holds: the tau is then a chosen one. */
export function withVoid<T extends Dial>(dial: T, reason: string | null): T {
  if (reason === null) return dial;
  const { certificate: _, ...rest } = dial;
  return { ...rest, tauFrom: 'chosen', certificateVoid: reason } as unknown as T;
}

/** The same of an abstention: every text is answered then. */
export const withAbstentionVoid = <T extends Dial>(dial: T, reason: string | null): T =>
  reason === null ? dial : ({ ...withoutAbstention(dial), abstentionVoid: reason } as unknown as T);

/** `dial` of a model that answers every text. */
export function withoutAbstention<T extends Dial>(dial: T): Omit<T, 'abstention' | 'abstentionVoid'> {
  const { abstention: _, abstentionVoid: __, ...rest } = dial;
  return rest;
}

/** Older folders have some of these. */
const CALIBRATION: Readonly<Record<keyof Calibration, Field>> = {
  dtype: oneOf(DTYPES),
  rows: number(0),
  target: [
    (value) => isObject(value) && [value.maxDrop, value.speedup].some(number()[0]),
    'an object with maxDrop or speedup',
  ],
  by: oneOf(['actual', 'paper']),
  baseline: number(),
  accuracy: number(),
  figure: oneOf(['microF1', 'r2']),
  speedupPaper: orNull(number()),
  speedupActual: orNull(number()),
  plan: [
    (value) => isObject(value) && [value.msPerText, value.msPerTextAllHeads].every(number(0)[0]),
    'an object with two times',
  ],
  curve: [
    (value) =>
      Array.isArray(value) &&
      value.every((point) => Array.isArray(point) && point.length === 2 && point.every(number()[0])),
    'a list of pairs of numbers',
  ],
};

/** What is wrong with the dial `name` of a model of L layers with these labels, for a sentence; null: nothing. */
export function dialProblem(
  name: string,
  dial: Partial<Record<keyof Dial, unknown>>,
  { layers, labels }: { readonly layers: number; readonly labels: readonly string[] },
): string | null {
  const { tau, tauFrom, certificate, abstention, calibration } = dial;
  const problem =
    problemOf(`${name}.tau`, tau, tauField) ??
    problemOf(`${name}.tauFrom`, tauFrom, optional(oneOf(TAU_ORIGINS))) ??
    calibrationProblem(`${name}.calibration`, calibration) ??
    (abstention === undefined ? null : abstentionProblem(`${name}.abstention`, abstention, labels));
  if (problem !== null) return problem;
  if ((tauFrom === 'certified') !== (certificate !== undefined))
    return certificate === undefined
      ? `${name}.tauFrom is "certified", and there is no ${name}.certificate`
      : `there is a ${name}.certificate, and ${name}.tauFrom is not "certified"`;
  return certificate === undefined ? null : certificateProblem(`${name}.certificate`, certificate, layers);
}

function calibrationProblem(name: string, value: unknown): string | null {
  if (value === undefined) return null;
  if (!isObject(value)) return `${name} is not an object`;
  const fields = Object.entries(CALIBRATION).map(([key, field]) => [key, optional(field)]);
  const problem = problemIn(name, value, Object.fromEntries(fields));
  if (problem !== null) return problem;
  return value.curve !== undefined && value.baseline === undefined ? `${name} has a curve but no baseline` : null;
}

/** What is not of a dial in `value`; undefined: nothing. */
export const oddKeyOf = (value: object): string | undefined =>
  Object.keys(value).find((key) => !(KEPT as readonly string[]).includes(key));
export const DIAL_WORDS = `${KEPT.slice(0, -1).join(', ')} and ${KEPT.at(-1)}`;
