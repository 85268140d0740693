/**
 * How a model's tau came about, and what is promised at it: the part of config.json's `pyramid` object that `calibrate`,
 * `train` and `refit` write, and card, command line, page and server show. src/certify makes certificates; this file says
 * what one is.
 */
import { type Field, isObject, number, oneOf, optional, orNull, problemIn, tauField, whole } from './field.ts';

/**
 * `certified`: a certificate stands behind it. `chosen`: the best of a curve, on rows that may flatter it. `given`: by a
 * person, unchecked.
 */
export type TauOrigin = 'certified' | 'chosen' | 'given';
export const TAU_ORIGINS: readonly TauOrigin[] = ['certified', 'chosen', 'given'];

/**
 * What a setting may lose against the full answer:
 *   net-drop      E[1(full right) − 1(early right)]: accuracy lost
 *   harm          E[1(full right and early wrong)]: stricter, gains do not make up for losses
 *   disagreement  E[1(early ≠ full)]: needs no labels
 */
export type Risk = 'net-drop' | 'harm' | 'disagreement';
export const RISKS: readonly Risk[] = ['net-drop', 'harm', 'disagreement'];

/** An estimate and the bound that the truth is below with the certificate's confidence. */
export interface Bounded {
  readonly estimate: number;
  readonly upper: number;
}

export interface Certificate {
  readonly format: 1;
  readonly risk: Risk;
  /** What the full answer is: this model run to the end, or answers that were given (plain BERT's). */
  readonly against: 'network' | 'reference';
  /** ε, 0 to 1: the risk that is promised not to be exceeded. */
  readonly maxRisk: number;
  /** 1 − α, 0 to 1: how often such a promise holds, over draws of the rows. */
  readonly confidence: number;
  /** Rows or texts that it was made from, and how many of them had a label. */
  readonly rows: number;
  readonly labelled: number;
  /** Of the order in which the rows were read. */
  readonly seed: number;
  /** The fastest setting that is certified; null: none is, so that every text goes to the end. */
  readonly tau: number | null;
  /** `tau` alone was tested, and no slower setting: there is no certified range. Left out: the whole path up to it was. */
  readonly single?: true;
  /** The risk at `tau`. Where that is null: zeros against the network itself; against a reference, what full depth loses. */
  readonly atTau: Bounded;
  /** Disagreement with the network run to the end at `tau`: what an audit compares with. */
  readonly disagreement: Bounded;
  /** [L+1]: share of the rows that leave at each exit at `tau`, floor 0 first. What drift is measured from. */
  readonly exits: readonly number[];
  /** Of the rows: mean length in tokens, its standard deviation, and the share of unknown pieces. */
  readonly texts: { readonly length: number; readonly spread: number; readonly unknown: number | null };
  /** Fingerprint of what was frozen before the rows were seen; another one voids the certificate. */
  readonly settings: string;
}

const SHARE = number(0, 1);
const BOUNDED: Field = [
  (value) => isObject(value) && number(-1, 1)[0](value.estimate) && number(-1, 1)[0](value.upper),
  'an object with estimate and upper, from −1 to 1',
];
const isTexts = (value: unknown) =>
  isObject(value) && [value.length, value.spread].every(number(0)[0]) && orNull(SHARE)[0](value.unknown);

const FIELDS: Readonly<Record<keyof Certificate, Field>> = {
  format: oneOf([1]),
  risk: oneOf(RISKS),
  against: oneOf(['network', 'reference']),
  maxRisk: SHARE,
  confidence: SHARE,
  rows: whole(0),
  labelled: whole(0),
  seed: number(),
  tau: tauField,
  single: optional(oneOf([true])),
  atTau: BOUNDED,
  disagreement: BOUNDED,
  exits: [(value) => Array.isArray(value) && value.every(SHARE[0]), 'a list of shares from 0 to 1'],
  texts: [isTexts, 'an object with length, spread and unknown'],
  settings: [(value) => typeof value === 'string', 'a fingerprint'],
};

/** What is wrong with the certificate `name` of a model of L layers, for a sentence; null: nothing. */
export function certificateProblem(name: string, value: unknown, layers: number): string | null {
  if (!isObject(value)) return `${name} is not an object`;
  const problem = problemIn(name, value, FIELDS);
  if (problem !== null) return problem;
  const { exits, labelled, rows } = value as unknown as Certificate;
  if (exits.length !== layers + 1)
    return `${name}.exits has ${exits.length} shares, and there are ${layers + 1} exits with floor 0 and the last layer`;
  return labelled > rows ? `${name}.labelled is ${labelled}, more than its ${rows} rows` : null;
}
