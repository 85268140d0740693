/**
 * Summaries of a reproduction's results: averages over the tasks, and the spread over seeds. Pure functions.
 */
import { type QualityName, qualityName } from '../../evaluate/quality.ts';
import {
  figureText,
  left,
  type ReportRow,
  type ReportTable,
  reportTable,
  right,
  times,
  titlesOf,
} from '../../report/index.ts';
import { resultRow, type StoredResult } from '../stored-result.ts';
import { deviation, geometricMean, ifAll, mean, points, withSpread } from './statistics.ts';

/** By method, over the tasks on which it did not fail. */
export function averageTable(rows: readonly ReportRow[]): ReportTable {
  const names = [...new Set(rows.map(({ method }) => method))];
  const records = names.flatMap((method) => {
    const own = rows.filter((row) => row.method === method && row.failed === undefined);
    if (own.length === 0) return [];
    const speedups = (key: 'speedupPaper' | 'speedupActual') => own.map((row) => row[key] ?? null);
    const drops = own.flatMap((row) => {
      const plain = rows.find(({ task, method }) => task === row.task && method === 'bert');
      const [bert, figure] = [plain ? figureOf(plain) : null, figureOf(row)];
      return bert === null || figure === null ? [] : [bert - figure];
    });
    return [
      {
        method,
        tasks: own.length,
        accuracy: mean(own.map((row) => figureOf(row) ?? 0)),
        drop: drops.length === own.length ? mean(drops) : null,
        gflops: mean(own.map(({ gflops }) => gflops ?? 0)),
        speedupPaper: ifAll(speedups('speedupPaper'), mean),
        speedupPaperGeometric: ifAll(speedups('speedupPaper'), geometricMean),
        speedupActual: ifAll(speedups('speedupActual'), mean),
        speedupActualGeometric: ifAll(speedups('speedupActual'), geometricMean),
      },
    ];
  });
  type Row = (typeof records)[number];
  const figures = rows.filter(({ failed }) => failed === undefined).map(qualityName);
  // a mean over figures of several kinds is no share of anything
  const text = figureText(new Set(figures).size > 1 ? 'microF1' : figures[0]);
  return reportTable<Row>(
    {
      name: 'averages',
      title: 'Averages over the tasks',
      caption: `Drop: points of ${titlesOf(figures).toLowerCase()} below plain BERT. Means are arithmetic unless marked (geometric).`,
    },
    [
      left('Method', ({ method }) => method),
      right('Tasks', ({ tasks }) => String(tasks)),
      right(titlesOf(figures), ({ accuracy }) => text(accuracy)),
      right('Drop', ({ drop }) => points(drop)),
      right('Speed-up (paper)', ({ speedupPaper }) => times(speedupPaper)),
      right('(geometric)', ({ speedupPaperGeometric }) => times(speedupPaperGeometric)),
      right('Speed-up (actual)', ({ speedupActual }) => times(speedupActual)),
      right('(geometric)', ({ speedupActualGeometric }) => times(speedupActualGeometric)),
    ],
    records,
  );
}

/** What a row is judged by; null: it failed. */
const figureOf = ({ r2, microF1, accuracy }: ReportRow): number | null => r2 ?? microF1 ?? accuracy;

const OTHERS = ['microF1', 'r2'] as const satisfies readonly QualityName[];
type Key = 'accuracy' | 'f1' | (typeof OTHERS)[number] | 'gflops' | 'speedupPaper' | 'speedupActual' | 'meanExit';

/** Mean ± standard deviation (n − 1) over the seeds, in every cell. */
export function spreadTable(results: readonly StoredResult[]): ReportTable {
  const found = new Set(results.map(({ test }) => qualityName(test)));
  const others = OTHERS.filter((name) => found.has(name));
  const keys: readonly Key[] = ['accuracy', 'f1', ...others, 'gflops', 'speedupPaper', 'speedupActual', 'meanExit'];
  const names = [...new Set(results.map(({ task, method }) => JSON.stringify([task, method])))];
  const records = names.map((name) => {
    const [task, method] = JSON.parse(name) as [string, string];
    const rows = results.filter((result) => result.task === task && result.method === method).map(resultRow);
    const cells = keys.flatMap((key) => {
      // where texts may have any number of labels, accuracy is another figure: how often all of them are right
      const values = rows.flatMap((row) => (key === 'accuracy' && qualityName(row) !== key ? [] : (row[key] ?? [])));
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
      ...others.map((name) => right<Row>(titlesOf([name]), cell(name, 1, 3))),
      right('GFLOPs (paper)', cell('gflops', 1, 3)),
      right('Speed-up (paper)', cell('speedupPaper', 1, 2)),
      right('Speed-up (actual)', cell('speedupActual', 1, 2)),
      right('Mean exit', cell('meanExit', 1, 2)),
    ],
    records as Row[],
  );
}
