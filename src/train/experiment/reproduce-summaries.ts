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
  type TableRecord,
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

/** Figures at one allowed drop, with the fewest operations in either count. */
interface DropRecord extends TableRecord {
  readonly task: string;
  readonly method: string;
  readonly maxDrop: number;
  readonly tauPaper: number | null;
  readonly accuracyPaper: number;
  readonly speedupPaper: number;
  readonly tauActual: number | null;
  readonly accuracyActual: number;
  readonly speedupActual: number;
  readonly bestPaper: number;
  readonly bestActual: number;
}

/** For each drop the points that the validation rows choose, judged on the test rows, and those of the test rows' own curve. */
function dropRecords(results: readonly StoredResult[]): DropRecord[] {
  const seed = Math.min(...results.map((result) => result.seed));
  const first = results.filter((result) => result.seed === seed && result.curve.length > 1);
  return first.flatMap(({ task, method, curve, drops }) => {
    const bert = results.find((other) => other.task === task && other.seed === seed && other.method === 'bert');
    const baseline = bert?.test.accuracy ?? curve[0].accuracy;
    return [...new Set(drops.map(({ maxDrop }) => maxDrop))].map((maxDrop) => {
      const chosen = (by: 'paper' | 'actual') =>
        drops.find((drop) => drop.maxDrop === maxDrop && drop.by === by)!.point;
      const [paper, actual] = [chosen('paper'), chosen('actual')];
      return {
        task,
        method,
        maxDrop,
        tauPaper: paper.tau,
        accuracyPaper: paper.accuracy,
        speedupPaper: paper.speedup.paper,
        tauActual: actual.tau,
        accuracyActual: actual.accuracy,
        speedupActual: actual.speedup.actual,
        bestPaper: cheapest(curve, baseline - maxDrop, 'paper').speedup.paper,
        bestActual: cheapest(curve, baseline - maxDrop, 'actual').speedup.actual,
      };
    });
  });
}

/** Of the first seed. */
export function dropTable(results: readonly StoredResult[]): ReportTable {
  return reportTable<DropRecord>(
    {
      name: 'drops',
      title: 'Speed-up by the drop that is allowed',
      caption:
        'tau is chosen on the validation rows for the fewest operations, as the paper counts or as computed, and judged on the test rows. “Best”: read off the curve of the test rows themselves, as papers do, which flatters a little. Where no tau is accurate enough, exits are off.',
    },
    [
      left('Task', ({ task }) => task),
      left('Method', ({ method }) => method),
      right('Allowed drop', ({ maxDrop }) => points(maxDrop)),
      right('Accuracy (paper)', ({ accuracyPaper }) => percent(accuracyPaper)),
      right('Speed-up (paper)', ({ speedupPaper }) => times(speedupPaper)),
      right('Best (paper)', ({ bestPaper }) => times(bestPaper)),
      right('Accuracy (actual)', ({ accuracyActual }) => percent(accuracyActual)),
      right('Speed-up (actual)', ({ speedupActual }) => times(speedupActual)),
      right('Best (actual)', ({ bestActual }) => times(bestActual)),
    ],
    dropRecords(results),
  );
}

/** Geometric means over the tasks, by method and drop. */
export function dropAverageTable(results: readonly StoredResult[]): ReportTable {
  const all = dropRecords(results);
  const keys = [...new Set(all.map(({ method, maxDrop }) => JSON.stringify([method, maxDrop])))];
  const records = keys.map((key) => {
    const [method, maxDrop] = JSON.parse(key) as [string, number];
    const own = all.filter((record) => record.method === method && record.maxDrop === maxDrop);
    const of = (name: 'speedupPaper' | 'bestPaper' | 'speedupActual' | 'bestActual') =>
      geometricMean(own.map((record) => record[name]));
    return {
      method,
      maxDrop,
      tasks: own.length,
      speedupPaper: of('speedupPaper'),
      bestPaper: of('bestPaper'),
      speedupActual: of('speedupActual'),
      bestActual: of('bestActual'),
    };
  });
  type Row = (typeof records)[number];
  return reportTable<Row>(
    {
      name: 'drop-averages',
      title: 'Speed-up by the drop that is allowed, over the tasks',
      caption: 'Geometric means of the table above.',
    },
    [
      left('Method', ({ method }) => method),
      right('Allowed drop', ({ maxDrop }) => points(maxDrop)),
      right('Tasks', ({ tasks }) => String(tasks)),
      right('Speed-up (paper)', ({ speedupPaper }) => times(speedupPaper)),
      right('Best (paper)', ({ bestPaper }) => times(bestPaper)),
      right('Speed-up (actual)', ({ speedupActual }) => times(speedupActual)),
      right('Best (actual)', ({ bestActual }) => times(bestActual)),
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
