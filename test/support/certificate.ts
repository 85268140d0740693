/** A certificate as `calibrate` writes one, for a model of L layers; its figures stand for nothing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from '../../src/pyramid/folder/certificate.ts';
import { settingsOf } from '../../src/pyramid/folder/frozen.ts';
import type { PyramidModel } from '../../src/pyramid/folder/model-folder.ts';

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

/** Writes a certificate of its own tau into the folder of `model`. */
export function certifyFolder(dir: string, model: PyramidModel, changes: Partial<Certificate> = {}): Certificate {
  const path = join(dir, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  const { layers } = model.config;
  const certificate = { ...certificateOf(layers, config.pyramid.tau), settings: settingsOf(model, 'fp32'), ...changes };
  Object.assign(config.pyramid, { tauFrom: 'certified', certificate });
  writeFileSync(path, JSON.stringify(config));
  return certificate;
}
