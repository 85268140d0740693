/** A benchmark's report as text for people: machine, versions, a table with ratios, and how far the clock follows. */
import { QUALITY_NAMES, qualityName } from '../evaluate/quality.ts';
import { alignedText } from '../report/text-table.ts';
import type { BenchReport, BenchRow } from './figures.ts';

export function benchText({ machine, versions, rows, ratios, speedups, peaks, setting }: BenchReport): string {
  const throughput = rows.filter(({ mode }) => mode === 'throughput');
  const latency = rows.filter(({ mode }) => mode === 'latency');
  const beside = (mode: string) => ratios.filter((ratio) => ratio.mode === mode);
  const table = alignedText({
    heads: [
      'system',
      'dtype',
      'tau',
      'texts/s',
      'first ×',
      'of peak',
      'p50 ms',
      'first ×',
      'p99 ms',
      headOf(throughput),
      'GFLOPs',
    ],
    align: ['left', 'left', ...Array.from({ length: 9 }, () => 'right' as const)],
    rows: throughput.map((row, i) => [
      row.system,
      row.dtype,
      row.tau === null ? 'off' : String(row.tau),
      row.textsPerSecond.toFixed(row.textsPerSecond < 100 ? 1 : 0),
      beside('throughput')[i].ratio.toFixed(2),
      percent(beside('throughput')[i].peakShare!),
      latency[i].p50Ms!.toFixed(2),
      beside('latency')[i].ratio.toFixed(2),
      latency[i].p99Ms!.toFixed(2),
      rightnessText(row),
      row.gflops.toPrecision(3),
    ]),
  });
  return [
    `${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.os}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    `${setting.texts} texts of ${setting.rows}, ${setting.rounds} rounds, workers ${setting.workers}, threads ${setting.threads}; one large product: ${peaks
      .map(
        ({ dtype, threads, gflopsPerSecond }) => `${gflopsPerSecond.toFixed(0)} GFLOP/s (${dtype}, threads ${threads})`,
      )
      .join(', ')}`,
    '',
    table,
    '',
    ...speedups.map(
      ({ dtype, tau, clock, flops, share }) =>
        `${dtype}, tau ${tau ?? 'off'}: ${clock.toFixed(2)} times our own dense on the clock, ${flops.toFixed(2)} times fewer operations: ${share.toFixed(2)}`,
    ),
  ]
    .join('\n')
    .trimEnd();
}

/** All rows are of one model, so that those that are judged are judged by one figure. */
const headOf = (rows: readonly BenchRow[]): string => {
  const name = qualityName(rows.find(({ microF1, r2 }) => microF1 !== undefined || r2 !== undefined) ?? {});
  return name === 'r2' ? 'R²' : QUALITY_NAMES[name];
};

function rightnessText({ accuracy, microF1, r2 }: BenchRow): string {
  const figure = r2 ?? microF1;
  if (figure !== undefined) return figure.toFixed(3);
  return accuracy === null ? '' : percent(accuracy);
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
