/** Figures as the page shows them. */
import { percent, percents, short, times } from '../../src/report/format.ts';
import type { EngineInfo } from '../../src/web/page-engine.ts';

export { percent, percents, short, times };

/** How sure an answer is: nothing is told as quite certain that is not. */
export const sureness = (score: number): string =>
  score < 1 && score >= 0.9995 ? 'more than 99.9\u00a0%' : percent(score);

/** Operations: '36.2 MFLOPs'. */
export function operations(flops: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, flops)) / 3)));
  return `${short(flops / 1000 ** power)} ${units[power]}FLOPs`;
}

/** Milliseconds with as many places as a clock can tell. */
export const milliseconds = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);

/** Where a text leaves: layers from 1, and floor 0 before them. */
export const exitName = (exit: number): string => (exit === 0 ? 'floor 0' : `layer ${exit}`);

/** The mean of exits: 'layer 2.31'. */
export const meanExitText = (exit: number): string => (exit < 0.005 ? 'floor 0' : `layer ${exit.toFixed(2)}`);

/** The places where a model's texts may leave, in their order. */
export const exitsOf = ({ hasFloor, shape }: Pick<EngineInfo, 'hasFloor' | 'shape'>): readonly number[] => [
  ...(hasFloor ? [0] : []),
  ...Array.from({ length: shape.layers }, (_, l) => l + 1),
];

/** Two places, three where it has them: '0.80', '0.015'. */
export const tauText = (tau: number | null): string =>
  tau === null ? 'off' : tau.toFixed(Math.abs(100 * tau - Math.round(100 * tau)) < 1e-6 ? 2 : 3);

export const megabytes = (bytes: number): string => `${short(bytes / 1e6)} MB`;

export const whole = (n: number): string => n.toLocaleString('en');

/** What went wrong, for a reader. */
export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
