/**
 * From what was measured in rounds to the figures that are reported. Systems took turns in each round, and machines
 * drift: a ratio of two systems is the median of the rounds' own ratios. Pure functions.
 */
import type { Dtype } from '../pyramid/folder/model-folder.ts';
import type { Machine } from './machine.ts';
import { OWN, OWN_DENSE } from './own-systems.ts';
import type { Rightness } from './rightness.ts';

/** One system over all rounds. */
export interface Measured extends Rightness {
  readonly system: string;
  readonly dtype: Dtype;
  readonly tau: number | null;
  readonly rounds: readonly Turn[];
  /** 10⁹ operations a text. */
  readonly gflops: number;
}

/** One system in one round. */
export interface Turn {
  readonly textsPerSecond: number;
  /** Milliseconds of single texts, the same ones for all systems. */
  readonly singles: readonly number[];
  /** 10⁹ operations a second of a large product, measured in this round in the system's dtype. */
  readonly peak: number;
}

export interface BenchRow extends Rightness {
  readonly system: string;
  readonly mode: 'throughput' | 'latency';
  readonly textsPerSecond: number;
  /** Milliseconds of one text alone; null in throughput mode. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Null: exits off, or there are none. */
  readonly tau: number | null;
  readonly dtype: Dtype;
  /** 10⁹ operations a text, as computed; of peers the dense model's, padding aside. */
  readonly gflops: number;
}

/** What a row is beside the first row of its mode. */
export interface BenchRatio {
  readonly system: string;
  readonly mode: 'throughput' | 'latency';
  readonly tau: number | null;
  readonly dtype: Dtype;
  /** How many times faster the first row is: its texts a second over these, or this median over its. */
  readonly ratio: number;
  /** Share of the peak of products that the row's operations make; only of throughput. */
  readonly peakShare: number | null;
}

/** One setting of ours against our own dense model of the same dtype. */
export interface BenchSpeedup {
  readonly dtype: Dtype;
  readonly tau: number | null;
  readonly clock: number;
  /** Of operations, as computed on both sides. */
  readonly flops: number;
  /** Clock over operations: 1 where the clock follows them. */
  readonly share: number;
}

export interface BenchReport {
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly BenchRow[];
  readonly ratios: readonly BenchRatio[];
  readonly speedups: readonly BenchSpeedup[];
  /** 10⁹ operations a second of a large product, median of the rounds. */
  readonly peaks: readonly { readonly dtype: Dtype; readonly threads: number; readonly gflopsPerSecond: number }[];
  readonly setting: {
    readonly model: string;
    readonly rows: string;
    readonly texts: number;
    readonly rounds: number;
    readonly seconds: number;
    readonly workers: number;
    readonly threads: number;
  };
}

export function figures(all: readonly Measured[]): Pick<BenchReport, 'rows' | 'ratios' | 'speedups'> {
  const [first] = all;
  const rows: BenchRow[] = [];
  const ratios: BenchRatio[] = [];
  for (const mode of ['throughput', 'latency'] as const) {
    for (const { system, dtype, tau, rounds, gflops, accuracy, microF1, r2 } of all) {
      const singles = rounds.flatMap((turn) => turn.singles);
      const right = { accuracy, ...(microF1 !== undefined && { microF1 }), ...(r2 !== undefined && { r2 }) };
      const common = { ...right, tau, dtype, gflops };
      if (mode === 'throughput') {
        const textsPerSecond = median(rounds.map((turn) => turn.textsPerSecond));
        rows.push({ system, mode, textsPerSecond, p50Ms: null, p99Ms: null, ...common });
        const ratio = overRounds(first, rounds, (a, b) => a.textsPerSecond / b.textsPerSecond);
        const peakShare = median(rounds.map((turn) => (turn.textsPerSecond * gflops) / turn.peak));
        ratios.push({ system, mode, tau, dtype, ratio, peakShare });
      } else {
        const textsPerSecond = (1000 * singles.length) / sum(singles);
        rows.push({ system, mode, textsPerSecond, p50Ms: median(singles), p99Ms: quantile(singles, 0.99), ...common });
        const ratio = overRounds(first, rounds, (a, b) => median(b.singles) / median(a.singles));
        ratios.push({ system, mode, tau, dtype, ratio, peakShare: null });
      }
    }
  }
  return { rows, ratios, speedups: speedups(all) };
}

function speedups(all: readonly Measured[]): BenchSpeedup[] {
  return all
    .filter(({ system }) => system === OWN)
    .flatMap(({ dtype, tau, rounds, gflops }) => {
      const dense = all.find((other) => other.system === OWN_DENSE && other.dtype === dtype);
      if (!dense) return [];
      const clock = median(rounds.map((turn, i) => turn.textsPerSecond / dense.rounds[i].textsPerSecond));
      const flops = dense.gflops / gflops;
      return [{ dtype, tau, clock, flops, share: clock / flops }];
    });
}

const overRounds = (first: Measured, rounds: readonly Turn[], ratio: (a: Turn, b: Turn) => number): number =>
  median(rounds.map((turn, i) => ratio(first.rounds[i], turn)));

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The smallest value that at least the share `q` of the values do not exceed. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
