// Draws with a known risk at the boundary, and how often a test is wrong about them.
import { isRejected } from '../../src/certify/risk-test.ts';
import { errorRate } from './error-rate.ts';
import { drawDrops } from './synthetic-path.ts';

/** Net drop: P(lost) − P(gained) = maxRisk. Harm: P(lost) = maxRisk. */
export const dropFamilies = [
  { name: 'losses alone', maxRisk: 0.01, gained: 0, alpha: 0.05, rows: 1000 },
  { name: 'few rows that differ', maxRisk: 0.01, gained: 0.005, alpha: 0.05, rows: 1000 },
  { name: 'many rows that differ', maxRisk: 0.01, gained: 0.06, alpha: 0.05, rows: 2000 },
  { name: 'a small drop and many rows', maxRisk: 0.005, gained: 0.01, alpha: 0.1, rows: 4000 },
  { name: 'a large drop and few rows', maxRisk: 0.1, gained: 0.1, alpha: 0.05, rows: 200 },
] as const;

export const wrongly = (risk: 'net-drop' | 'harm', family: (typeof dropFamilies)[number], times: number): number =>
  errorRate(times, `${risk} ${family.name}`, (random) => {
    const { maxRisk, alpha, rows } = family;
    const gained = risk === 'harm' ? 0 : family.gained;
    return isRejected(risk, drawDrops(random, rows, { lost: maxRisk + gained, gained }), { maxRisk, alpha });
  });
