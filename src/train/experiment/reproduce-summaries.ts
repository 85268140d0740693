/**
 * Summaries of a reproduction's results: averages over the tasks, speed-up by the drop that is allowed, and the spread over
 * seeds. Pure functions.
 */
import {
  cheapest,
  left,
  percent,
  type ReportRow,
  type ReportTable,
  reportTable,
  right,
  type Summary,
  times,
} from '../../evaluate/index.ts';
import { resultRow, type StoredResult } from './stored-result.ts';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const geometricMean = (values: readonly number[]) => Math.exp(mean(values.map(Math.log)));
const points = (share: number | null) => (share === null ? '–' : (100 * share).toFixed(1));

/** By method, over the tasks on which it did not fail. */
export function averageTable(rows: readonly ReportRow[]): ReportTable {
  const names = [...new Set(rows.map(({ method }) => method))];
  const records = names.flatMap((method) => {
    const own = rows.filter((row) => row.method === method && row.failed === undefined);
    if (own.length === 0) return [];
    const of = (key: 'accuracy' | 'gflops' | 'speedupPaper' | 'speedupActual') => own.map((row) => row[key] ?? 0);
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
        speedupPaper: mean(of('speedupPaper')),
        speedupPaperGeometric: geometricMean(of('speedupPaper')),
        speedupActual: mean(of('speedupActual')),
        speedupActualGeometric: geometricMean(of('speedupActual')),
      },
    ];
  });
  type Row = (typeof records)[number];
  return reportTable<Row>(
    {
      name: 'averages',
      title: 'Averages over the tasks',
      caption: 'Drop: points of accuracy below plain BERT. Means are arithmetic; (geometric) as named.',
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

/**
 * For each drop the point that the validation rows choose, judged on the test rows; and the best point of the curve on the
 * test rows themselves, as papers read it off. The first seed's.
 */
export function dropTable(results: readonly StoredResult[]): ReportTable {
  const seed = Math.min(...results.map((result) => result.seed));
  const first = results.filter((result) => result.seed === seed && result.curve.length > 1);
  const records = first.flatMap(({ task, method, curve, drops }) => {
    const bert = results.find((other) => other.task === task && other.seed === seed && other.method === 'bert');
    const baseline = bert?.test.accuracy ?? curve[0].accuracy;
    return drops.flatMap(({ maxDrop, by, point }) => {
      const record = (chosenOn: string, { tau, accuracy, f1, speedup }: Summary) => ({
        task,
        method,
        maxDrop,
        count: by,
        chosenOn,
        tau,
        accuracy,
        f1,
        drop: baseline - accuracy,
        speedupPaper: speedup.paper,
        speedupActual: speedup.actual,
      });
      return [record('validation', point), record('test', cheapest(curve, baseline - maxDrop, by))];
    });
  });
  type Row = (typeof records)[number];
  return reportTable<Row>(
    {
      name: 'drops',
      title: 'Speed-up by the drop that is allowed',
      caption:
        'Chosen on “validation”: tau is chosen on the validation rows and judged on the test rows. On “test”: read off the curve of the test rows, as papers do; it flatters a little. Where no tau is accurate enough, exits are off.',
    },
    [
      left('Task', ({ task }) => task),
      left('Method', ({ method }) => method),
      right('Allowed drop', ({ maxDrop }) => points(maxDrop)),
      left('Fewest operations', ({ count }) => (count === 'paper' ? 'as the paper counts' : 'as computed')),
      left('Chosen on', ({ chosenOn }) => chosenOn),
      right('tau', ({ tau }) => (tau === null ? 'off' : String(tau))),
      right('Accuracy', ({ accuracy }) => percent(accuracy)),
      right('Drop', ({ drop }) => points(drop)),
      right('Speed-up (paper)', ({ speedupPaper }) => times(speedupPaper)),
      right('Speed-up (actual)', ({ speedupActual }) => times(speedupActual)),
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
    const text = (value: number) => (scale * value).toFixed(places);
    return typeof spread === 'number' ? `${text(center)} ± ${text(spread)}` : text(center);
  };
  return reportTable<Row>(
    {
      name: 'spread',
      title: 'Table 1 with its spread over the seeds',
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

/** null for a single value. */
function deviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
}
