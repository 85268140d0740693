/**
 * Speed-up by the drop of accuracy, or of what stands in its place, that is allowed, over the seeds of each task and method: at the tau that the validation
 * rows choose, and, as papers have it, read off the curve of the test rows. Pure functions.
 */
import type { Summary } from '../../evaluate/index.ts';
import { type QualityName, qualityName, qualityOf } from '../../evaluate/quality.ts';
import {
  figureText,
  left,
  type ReportTable,
  reportTable,
  right,
  type TableRecord,
  times,
  titlesOf,
} from '../../report/index.ts';
import type { StoredResult } from '../stored-result.ts';
import { deviation, geometricMean, ifAll, mean, points, withSpread } from './statistics.ts';

type Count = 'paper' | 'actual';

/** Means over the seeds; spreads are standard deviations, null for one seed. */
interface DropRecord extends TableRecord {
  readonly task: string;
  readonly method: string;
  readonly maxDrop: number;
  readonly seeds: number;
  /** What `accuracyPaper` and `accuracyActual` are, where that is not accuracy. */
  readonly figure?: QualityName;
  /** Of one seed; null also where exits are off. */
  readonly tauPaper: number | null;
  readonly accuracyPaper: number;
  readonly accuracyPaperSpread: number | null;
  readonly speedupPaper: number | null;
  readonly speedupPaperSpread: number | null;
  readonly tauActual: number | null;
  readonly accuracyActual: number;
  readonly accuracyActualSpread: number | null;
  readonly speedupActual: number | null;
  readonly speedupActualSpread: number | null;
  /** null: no point of the curve is accurate enough. */
  readonly bestPaper: number | null;
  readonly bestActual: number | null;
}

/** By task, method and allowed drop. */
export function dropTable(results: readonly StoredResult[]): ReportTable {
  const records = dropRecords(results);
  const title = titlesOf(records.map(({ figure = 'accuracy' }) => figure));
  const cell =
    (value: 'accuracyPaper' | 'speedupPaper' | 'accuracyActual' | 'speedupActual', text: (x: number) => string) =>
    (record: DropRecord) =>
      ifAll([record[value]], ([mean]) => withSpread(mean, record[`${value}Spread`], text)) ?? '–';
  const best = (value: number | null) => (value === null ? '–' : times(value));
  return reportTable<DropRecord>(
    {
      name: 'drops',
      title: 'Speed-up by allowed drop',
      caption:
        'tau is chosen on the validation rows for the fewest operations (as the paper counts or as computed) and evaluated on the test rows; if no tau is accurate enough, early exit is off. “Best”: tau read off the curve of the test rows themselves, as papers do, which is a little too good (–: no point is accurate enough). With several seeds, “best” is read off the mean of their curves, the drop is measured from the mean of plain BERT, and the speed-up is that of their mean operations; the other columns are means over the seeds ± standard deviation.',
    },
    [
      left('Task', ({ task }) => task),
      left('Method', ({ method }) => method),
      right('Seeds', ({ seeds }) => String(seeds)),
      right('Allowed drop', ({ maxDrop }) => points(maxDrop)),
      right(`${title} (paper)`, (record) => cell('accuracyPaper', figureText(record.figure))(record)),
      right('Speed-up (paper)', cell('speedupPaper', times)),
      right('Best (paper)', ({ bestPaper }) => best(bestPaper)),
      right(`${title} (actual)`, (record) => cell('accuracyActual', figureText(record.figure))(record)),
      right('Speed-up (actual)', cell('speedupActual', times)),
      right('Best (actual)', ({ bestActual }) => best(bestActual)),
    ],
    records,
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
      geometricMean(own.map((record) => record[name] ?? 1));
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
      title: 'Speed-up by allowed drop, over the tasks',
      caption: 'Geometric means of the table above. If no point was accurate enough, plain BERT (1) counts instead.',
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

function dropRecords(results: readonly StoredResult[]): DropRecord[] {
  const early = results.filter(({ curve }) => curve.length > 1);
  const names = [...new Set(early.map(({ task, method }) => JSON.stringify([task, method])))];
  return names.flatMap((name) => {
    const [task, method] = JSON.parse(name) as [string, string];
    const seeds = early.filter((result) => result.task === task && result.method === method);
    const baseline = plainAccuracy(seeds, results);
    const curve = meanCurve(seeds.map((result) => result.curve));
    const figure = qualityName(seeds[0].test);
    const allowed = new Set(seeds[0].drops.map(({ maxDrop }) => maxDrop));
    return [...allowed].map((maxDrop) => {
      const chosen = (by: Count) =>
        seeds.map(({ drops }) => drops.find((drop) => drop.maxDrop === maxDrop && drop.by === by)!.point);
      const [paper, actual] = [chosen('paper'), chosen('actual')];
      const tau = (choices: readonly Summary[]) => (choices.length === 1 ? choices[0].tau : null);
      const accuracies = (choices: readonly Summary[]) => choices.map(qualityOf);
      const speedups = (choices: readonly Summary[], by: Count) => choices.map(({ speedup }) => speedup[by]);
      return {
        task,
        method,
        maxDrop,
        seeds: seeds.length,
        ...(figure !== 'accuracy' && { figure }),
        tauPaper: tau(paper),
        accuracyPaper: mean(accuracies(paper)),
        accuracyPaperSpread: deviation(accuracies(paper)),
        speedupPaper: ifAll(speedups(paper, 'paper'), mean),
        speedupPaperSpread: ifAll(speedups(paper, 'paper'), deviation),
        tauActual: tau(actual),
        accuracyActual: mean(accuracies(actual)),
        accuracyActualSpread: deviation(accuracies(actual)),
        speedupActual: ifAll(speedups(actual, 'actual'), mean),
        speedupActualSpread: ifAll(speedups(actual, 'actual'), deviation),
        bestPaper: best(curve, baseline - maxDrop, 'paper'),
        bestActual: best(curve, baseline - maxDrop, 'actual'),
      };
    });
  });
}

/** Plain BERT's mean accuracy on the test rows of the same seeds; where it is not in the table, the networks' own. */
function plainAccuracy(runs: readonly StoredResult[], results: readonly StoredResult[]): number {
  const [{ task }] = runs;
  const seeds = new Set(runs.map(({ seed }) => seed));
  const bert = results.filter((other) => other.task === task && other.method === 'bert' && seeds.has(other.seed));
  return mean(bert.length > 0 ? bert.map(({ test }) => qualityOf(test)) : runs.map(({ curve }) => qualityOf(curve[0])));
}

/** What all seeds give at one tau: mean accuracy, and the speed-up that their mean operations are. */
export interface MeanPoint {
  readonly tau: number | null;
  readonly accuracy: number;
  readonly speedup: Readonly<Record<Count, number | null>>;
}

/**
 * At every tau of any of the curves ("off" is their first point). A curve is taken as level between its own taus, which
 * leaves out a little where it has more distinct uncertainties than points, and as "off" below the first, where heads are
 * asked in vain.
 */
export function meanCurve(curves: readonly (readonly Summary[])[]): MeanPoint[] {
  const taus = [...new Set(curves.flatMap((curve) => curve.flatMap(({ tau }) => tau ?? [])))].sort((a, b) => a - b);
  const at = curves.map(() => 0);
  return [null, ...taus].map((tau) => {
    const current = curves.map((curve, i) => {
      while (tau !== null && at[i] + 1 < curve.length && curve[at[i] + 1].tau! <= tau) at[i]++;
      return curve[at[i]];
    });
    const speedup = (by: Count) =>
      ifAll(
        current.map((point) => point.speedup[by]),
        (values) => 1 / mean(values.map((value) => 1 / value)),
      );
    return {
      tau,
      accuracy: mean(current.map(qualityOf)),
      speedup: { paper: speedup('paper'), actual: speedup('actual') },
    };
  });
}

/** The largest speed-up of the points that are accurate enough; null: none is. */
function best(curve: readonly MeanPoint[], accuracy: number, by: Count): number | null {
  // 0.975 − 0.005 is a little above 0.97 in floating point; the slack is far below the share of one text
  const enough = curve.filter((point) => point.accuracy >= accuracy - 1e-9);
  const speedups = enough.map(({ speedup }) => speedup[by]);
  return enough.length === 0 ? null : ifAll(speedups, (values) => Math.max(...values));
}
