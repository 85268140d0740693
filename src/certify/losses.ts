/**
 * What each text of a trace loses at a setting of the dial: the numbers that every test and interval of this folder is made of.
 * Outcomes are computed once, then read for every setting.
 */
import { PyramidError } from '../errors.ts';
import { exitOf, type Outcome } from '../evaluate/outcomes.ts';
import type { Trace } from '../evaluate/trace.ts';
import type { Risk } from '../pyramid/folder/certificate.ts';

/** The full answer of each text [n]: `reference` where it is given, else the network's own, run to the end. */
export function fullAnswers(all: readonly Outcome[], reference?: readonly number[]): readonly number[] {
  if (reference && all[0]?.target)
    throw new PyramidError('MP_USAGE', {
      what: 'reference answers are one label a row, and the model answers with any number of labels or a number',
      todo: 'leave them out: the model run to the end is then the reference',
    });
  if (!reference) return all.map((outcome) => outcome.predicted[exitOf(outcome, null)]);
  if (reference.length !== all.length)
    throw new PyramidError('MP_USAGE', {
      what: `there are ${reference.length} reference answers for ${all.length} rows`,
      todo: 'give one answer a row, in the order of the rows',
    });
  return reference;
}

/**
 * [n] in {−1, 0, 1}, positive where something is lost at `tau` (certificate.ts has the risks):
 * net-drop 1(full right) − 1(early right); harm and disagreement 0 or 1.
 */
export function lossesAt(all: readonly Outcome[], full: readonly number[], tau: number | null, risk: Risk): Int8Array {
  return Int8Array.from(all, (outcome, i) =>
    lossOf(risk, outcome.label, outcome.predicted[exitOf(outcome, tau)], full[i]),
  );
}

function lossOf(risk: Risk, label: number, early: number, full: number): number {
  if (early === full) return 0;
  if (risk === 'disagreement') return 1;
  const lost = Number(full === label);
  return risk === 'harm' ? lost : lost - Number(early === label);
}

/** Throws MP_USAGE where the dial means nothing to the traced model, or there are no rows. */
export function needDial({ headKind, floor, shape, entries, answers }: Trace): void {
  if (answers?.problemType === 'regression')
    throw new PyramidError('MP_USAGE', {
      what: 'a certificate is about answers that are right or wrong, and numbers are neither',
      todo: 'choose tau on validation rows instead',
    });
  if ((headKind === 'none' && !floor) || shape.layers === 0)
    throw new PyramidError('MP_USAGE', {
      what: 'the model has no exit before its end, so tau changes nothing',
      todo: 'certify a model with exit heads, or with a floor 0 before its network',
    });
  if (entries.length === 0)
    throw new PyramidError('MP_USAGE', { what: 'there are no rows', todo: 'give at least one' });
}
