/**
 * Summaries of a reproduction's results: averages over the tasks, and the spread over seeds. Pure functions.
 */
import { left, percent, type ReportRow, type ReportTable, reportTable, right, times } from '../../report/index.ts';
import { resultRow, type StoredResult } from '../stored-result.ts';
import { deviation, geometricMean, ifAll, mean, points, withSpread } from './statistics.ts';

/** By method, over the tasks on which it did not fail. */
export function averageTable(rows: readonly ReportRow[]): ReportTable {
  const names = [...new Set(rows.map(({ method }) => method))];
  const records = names.flatMap((method) => {
    const own = rows.filter((row) => row.method === method && row.failed === undefined);
    if (own.length === 0) return [];
    const of = (key: 'accuracy' | 'gflops') => own.map((row) => row[key] ?? 0);
    const speedups = (key: 'speedupPaper' | 'speedupActual') => own.map((row) => row[key] ?? null);
    const drops = own.flatMap(({ task, accuracy }) => {
      const bert = rows.find((row) => row.task === task && row.method === 'bert')?.accuracy;
      return bert == null || accuracy === null ? [] : [bert - accuracy];
    });
    return [
      {
        method,
        tasks: own.length,
        accuracy: mean(of('accuracy')),
        drop: drops.length === own.length ? mean(drops) : null,
        gflops: mean(of('gflops')),
        speedupPaper: ifAll(speedups('speedupPaper'), mean),
        speedupPaperGeometric: ifAll(speedups('speedupPaper'), geometricMean),
        speedupActual: ifAll(speedups('speedupActual'), mean),
        speedupActualGeometric: ifAll(speedups('speedupActual'), geometricMean),
      },
    ];
  });
  type Row = (typeof records)[number];
  return reportTable<Row>(
    {
      name: 'averages',
      title: 'Averages over the tasks',
      caption: 'Drop: points of accuracy below plain BERT. Means are arithmetic unless marked (geometric).',
    },
    [
      left('Method', ({ method }) => method),
      right('Tasks', ({ tasks }) => String(tasks)),
      right('Accuracy', ({ accuracy }) => percent(accuracy)),
      right('Drop', ({ drop }) => points(drop)),
      right('Speed-up (paper)', ({ speedupPaper }) => times(speedupPaper)),
      right('(geometric)', ({ speedupPaperGeometric }) => times(speedupPaperGeometric)),
      right('Speed-up (actual)', ({ speedupActual }) => times(speedupActual)),
      right('(geometric)', ({ speedupActualGeometric }) => times(speedupActualGeometric)),
    ],
    records,
  );
}

/** Mean ± standard deviation (n − 1) over the seeds, in every cell. */
export function spreadTable(results: readonly StoredResult[]): ReportTable {
  const keys = ['accuracy', 'f1', 'gflops', 'speedupPaper', 'speedupActual', 'meanExit'] as const;
  type Key = (typeof keys)[number];
  const names = [...new Set(results.map(({ task, method }) => JSON.stringify([task, method])))];
  const records = names.map((name) => {
    const [task, method] = JSON.parse(name) as [string, string];
    const rows = results.filter((result) => result.task === task && result.method === method).map(resultRow);
    const cells = keys.flatMap((key) => {
      const values = rows.flatMap((row) => (row[key] === null ? [] : [row[key]]));
      const [center, spread] = values.length === 0 ? [null, null] : [mean(values), deviation(values)];
      return [[key, center] as const, [`${key}Spread`, spread] as const];
    });
    return { task, method, seeds: rows.length, ...(Object.fromEntries(cells) as Record<string, number | null>) };
  });
  type Row = { readonly task: string; readonly method: string; readonly seeds: number } & Record<
    string,
    string | number | null
  >;
  const cell = (key: Key, scale: number, places: number) => (row: Row) => {
    const [center, spread] = [row[key], row[`${key}Spread`]];
    if (typeof center !== 'number') return '–';
    return withSpread(center, typeof spread === 'number' ? spread : null, (value) => (scale * value).toFixed(places));
  };
  return reportTable<Row>(
    {
      name: 'spread',
      title: 'Table 1 with standard deviations over the seeds',
      caption: 'Mean ± standard deviation.',
    },
    [
      left('Task', ({ task }) => task),
      left('Method', ({ method }) => method),
      right('Seeds', ({ seeds }) => String(seeds)),
      right('Accuracy (%)', cell('accuracy', 100, 1)),
      right('F1 (%)', cell('f1', 100, 1)),
      right('GFLOPs (paper)', cell('gflops', 1, 3)),
      right('Speed-up (paper)', cell('speedupPaper', 1, 2)),
      right('Speed-up (actual)', cell('speedupActual', 1, 2)),
      right('Mean exit', cell('meanExit', 1, 2)),
    ],
    records as Row[],
  );
}
