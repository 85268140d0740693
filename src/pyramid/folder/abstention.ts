/**
 * When a model answers "unsure" instead of a label: the part of config.json's `pyramid` object that `calibrate --abstain` writes
 * and the engine reads. src/certify finds the score; this file says what is kept of it, and asks it.
 */
import { type Field, isObject, number, oneOf, problemIn, tauField, whole } from './field.ts';

/** What is answered in the place of a label. */
export const UNSURE = 'unsure';

/** An estimate and the bound that the truth is above with the given confidence. */
export interface BoundedBelow {
  readonly estimate: number;
  readonly lower: number;
}

export interface Abstention {
  readonly format: 1;
  /** An answer is given where its score, 0 to 1, is at least this; else the model is unsure. */
  readonly minScore: number;
  /** What is promised: the share of right answers among those that are given, 0 to 1. */
  readonly accuracy: number;
  /** 1 − α, 0 to 1: how often such a promise holds, over draws of the rows. */
  readonly confidence: number;
  /** Labelled rows that it was made from. */
  readonly rows: number;
  /** Share of them that were answered. */
  readonly answered: number;
  /** Share of right answers among those. */
  readonly right: BoundedBelow;
  /** The setting of the dial that it was made at, and holds for; null: off. */
  readonly tau: number | null;
  /** Fingerprint of what was frozen before the rows were seen, as a certificate's; another one voids it. */
  readonly settings: string;
}

/** Whether an answer of this score is given. */
export const isSure = (abstention: Pick<Abstention, 'minScore'> | undefined, score: number): boolean =>
  abstention === undefined || score >= abstention.minScore;

const SHARE = number(0, 1);
const FIELDS: Readonly<Record<keyof Abstention, Field>> = {
  format: oneOf([1]),
  minScore: SHARE,
  accuracy: SHARE,
  confidence: SHARE,
  rows: whole(1),
  answered: SHARE,
  right: [
    (value) => isObject(value) && [value.estimate, value.lower].every(SHARE[0]),
    'an object with estimate and lower, from 0 to 1',
  ],
  tau: tauField,
  settings: [(value) => typeof value === 'string', 'a fingerprint'],
};

/** What is wrong with the abstention `name` of a model with these labels, for a sentence; null: nothing. */
export function abstentionProblem(name: string, value: unknown, labels: readonly string[]): string | null {
  if (!isObject(value)) return `${name} is not an object`;
  return problemIn(name, value, FIELDS) ?? unsureLabel(name, labels);
}

/** A label that reads like no answer; null: there is none. */
export const unsureLabel = (name: string, labels: readonly string[]): string | null =>
  labels.includes(UNSURE) ? `there is ${name}, and one of the labels is called "${UNSURE}" itself` : null;
