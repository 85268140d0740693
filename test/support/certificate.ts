/** A certificate as `calibrate` writes one, for a model of L layers; its figures stand for nothing. */
import type { Certificate } from '../../src/pyramid/folder/certificate.ts';

export const certificateOf = (layers: number, tau: number | null): Omit<Certificate, 'settings'> => ({
  format: 1,
  risk: 'net-drop',
  against: 'network',
  maxRisk: 0.01,
  confidence: 0.95,
  rows: 2000,
  labelled: 2000,
  seed: 3,
  tau,
  atTau: { estimate: 0.002, upper: 0.009 },
  disagreement: { estimate: 0.01, upper: 0.02 },
  exits: Array.from({ length: layers + 1 }, () => 1 / (layers + 1)),
  texts: { length: 30, spread: 9, unknown: null },
});
