/**
 * Each model's dial, set in several ways for the same allowed drop: what it then loses and saves on the test rows. The tables
 * of the paper have the tau that was chosen on the validation rows; here it stands beside a certified one, and beside one that
 * is read off the test rows. Pure functions.
 */
import type { QualityName } from '../../evaluate/quality.ts';
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
import type { DialPoint, DialWay } from '../dial-points.ts';
import type { StoredResult } from '../stored-result.ts';
import { deviation, ifAll, mean, points, withSpread } from './statistics.ts';

const NAMES: Readonly<Record<DialWay, string>> = {
  certified: 'certified on rows kept apart',
  'certified-halves': 'certified on half the test rows, judged on the other half',
  cautious: 'chosen on validation, cautiously',
  chosen: 'chosen on validation',
  'read-off': 'read off the test curve',
};
const WAYS = Object.keys(NAMES) as DialWay[];

/** Means over the seeds; spreads are standard deviations, null for one seed. */
interface DialRecord extends TableRecord {
  readonly task: string;
  readonly method: string;
  readonly way: DialWay;
  readonly seeds: number;
  readonly rows: number;
  /** Of one seed, where it is one tau; null also where exits are off. */
  readonly tau: number | null;
  readonly accuracy: number;
  /** What that is, where it is not accuracy. */
  readonly figure?: QualityName;
  readonly drop: number;
  readonly dropSpread: number | null;
  /** Seeds in which more was lost than allowed. */
  readonly broken: number;
  readonly speedupPaper: number | null;
  readonly speedupPaperSpread: number | null;
  readonly speedupActual: number | null;
  readonly speedupActualSpread: number | null;
}

/** By task, method and way. None of runs that have no exits, or whose dial was not asked for. */
export function dialTable(results: readonly StoredResult[]): ReportTable {
  const records = dialRecords(results);
  const asked = results.flatMap(({ dial }) => dial ?? []);
  const of = (name: 'maxDrop' | 'confidence') =>
    [...new Set(asked.map((dial) => dial[name]))].map((share) => Number((100 * share).toFixed(2))).join(' or ');
  const speedup = (name: 'speedupPaper' | 'speedupActual') => (record: DialRecord) =>
    ifAll([record[name]], ([center]) => withSpread(center, record[`${name}Spread`], times)) ?? '–';
  return reportTable<DialRecord>(
    {
      name: 'dial',
      title: 'The dial at the same allowed drop: certified, chosen, read off',
      caption: `Every tau is for a drop of at most ${of('maxDrop')} points from the same network run to the end; drop and speed-ups are of the test rows. Certified: with ${of('confidence')} % confidence, on rows that nothing was trained or chosen on; where no rows were kept apart, half the test rows certify and the other half judges, both ways round. Chosen on validation: the fewest operations within the drop on the validation rows; cautiously: with two standard errors added to the drop, as \`train\` chooses where it cannot certify. Read off the test curve: the fewest operations within the drop on the test rows themselves, which flatters. Broken: seeds in which more was lost on the test rows than allowed; these are some rows too, so that one of 20 certified settings, and a little more, may. –: no speed-up, since no layer runs.`,
    },
    [
      left('Task', ({ task }) => task),
      left('Method', ({ method }) => method),
      left('tau', ({ way }) => NAMES[way]),
      right('Rows', ({ rows }) => String(Math.round(rows))),
      right('Drop', ({ drop, dropSpread }) => withSpread(drop, dropSpread, points)),
      right('Broken', ({ broken, seeds }) => `${broken} of ${seeds}`),
      right(titlesOf(records.map(({ figure = 'accuracy' }) => figure)), ({ accuracy, figure }) =>
        figureText(figure)(accuracy),
      ),
      right('Speed-up (paper)', speedup('speedupPaper')),
      right('Speed-up (actual)', speedup('speedupActual')),
    ],
    records,
  );
}

function dialRecords(results: readonly StoredResult[]): DialRecord[] {
  const early = results.filter(({ dial }) => dial !== undefined);
  const names = [...new Set(early.map(({ task, method }) => JSON.stringify([task, method])))];
  return names.flatMap((name) => {
    const [task, method] = JSON.parse(name) as [string, string];
    const seeds = early.filter((result) => result.task === task && result.method === method);
    return WAYS.flatMap((way) => {
      const found = seeds.flatMap(({ dial }) =>
        dial!.points.filter((point) => point.way === way).map((point) => ({ point, maxDrop: dial!.maxDrop })),
      );
      return found.length === 0 ? [] : [{ task, method, ...recordOf(way, found) }];
    });
  });
}

function recordOf(way: DialWay, found: readonly { readonly point: DialPoint; readonly maxDrop: number }[]) {
  const all = found.map(({ point }) => point);
  const drops = all.map(({ drop }) => drop);
  const speedups = (count: 'paper' | 'actual') => all.map(({ speedup }) => speedup[count]);
  const [{ taus, figure }] = all;
  return {
    way,
    seeds: all.length,
    rows: mean(all.map(({ rows }) => rows)),
    tau: all.length === 1 && taus.length === 1 ? taus[0] : null,
    accuracy: mean(all.map(({ accuracy }) => accuracy)),
    ...(figure && { figure }),
    drop: mean(drops),
    dropSpread: deviation(drops),
    // the slack is far below the share of one row
    broken: found.filter(({ point, maxDrop }) => point.drop > maxDrop + 1e-9).length,
    speedupPaper: ifAll(speedups('paper'), mean),
    speedupPaperSpread: ifAll(speedups('paper'), deviation),
    speedupActual: ifAll(speedups('actual'), mean),
    speedupActualSpread: ifAll(speedups('actual'), deviation),
  };
}
