/**
 * How tau of a refitted model is found: certified where there are rows or texts that chose nothing and are enough, else chosen with
 * care, and named so. Pure functions of traces; knows nothing of floor 0 and of files.
 */
import { certify, chooseCautiously } from '../certify/index.ts';
import type { Trace } from '../evaluate/index.ts';
import type { Certificate, TauOrigin } from '../pyramid/folder/certificate.ts';

export interface FoundTau {
  readonly tau: number | null;
  readonly tauFrom: TauOrigin;
  readonly certificate: Omit<Certificate, 'settings'> | null;
  /** About how many rows or texts like these a certificate would take; null: it has one, or more would not help. */
  readonly rowsNeeded: number | null;
}

export interface Wanted {
  /** From 0 to 1: accuracy lost, or share of texts answered otherwise. */
  readonly most: number;
  readonly risk: 'net-drop' | 'disagreement';
  readonly confidence: number;
  readonly seed: number;
}

/** On rows that chose nothing: certified, or chosen where nothing can be. */
export function certifiedOr(trace: Trace, { most, risk, confidence, seed }: Wanted): FoundTau {
  // nothing is certain to lose nothing, and anything to lose at most all
  if (most === 0 || most === 1) return chosen(trace, most, null);
  const { certificate, rowsNeeded } = certify(trace, { risk, maxRisk: most, confidence, seed });
  if (certificate.tau === null) return chosen(trace, most, rowsNeeded);
  return { tau: certificate.tau, tauFrom: 'certified', certificate, rowsNeeded: null };
}

/** The fastest tau whose drop is at most `most`, by the rows that it is chosen on, two standard errors added. */
export function chosen(trace: Trace, most: number, rowsNeeded: number | null): FoundTau {
  const { tau } = chooseCautiously(trace, { maxDrop: most, by: 'actual' });
  return { tau, tauFrom: 'chosen', certificate: null, rowsNeeded };
}

/** The fewest texts that can certify a disagreement of at most `most`: so many without a differing one. */
export const fewestFor = (most: number, confidence: number): number =>
  Math.ceil(Math.log(1 - confidence) / Math.log1p(-most));
