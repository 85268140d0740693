/**
 * Accuracy (micro F1 or a correlation where texts have no one label) against speed-up over tau: the first chart that a reader looks at.
 */

import type { Summary } from '../evaluate/judge.ts';
import { qualityOf } from '../evaluate/quality.ts';
import { type ChartSize, chart, dots, levelLine, lines } from './chart.ts';
import { type Figure, thin } from './figure.ts';
import { times } from './format.ts';
import type { Palette } from './palette.ts';
import { isShare, qualityText, qualityTitle } from './quality-text.ts';

/** Accuracy, or what stands in its place, is drawn down to this far below the best, since a curve's end at the first layer would flatten the rest. */
const ACCURACY_RANGE = 0.08;

/** What is drawn of a method: its place in the table, and its curve over tau, which may be that point alone. */
export interface CurveReport {
  readonly method: string;
  readonly judgement: CurvePoint;
  readonly curve: readonly CurvePoint[];
}
export type CurvePoint = Pick<Summary, 'tau' | 'accuracy' | 'microF1' | 'pearson' | 'speedup'>;

/** Of a caption whose chart has no place for some points. */
export const NO_SPEEDUP = 'Points without a speed-up, since no layer of a network ran, are in the table alone.';

/** How the title of a figure ends whose operations are those that the paper counts. */
export const AS_THE_PAPER = 'as the paper counts';

const COUNTS = [
  ['paper', AS_THE_PAPER],
  ['actual', 'as computed'],
] as const;

/** Accuracy against speed-up over tau, one figure a count, on the same scales. All methods are judged by the same figure. */
export function tradeoffFigures(methods: readonly CurveReport[], places: Palette, size?: ChartSize): Figure[] {
  if (methods.length === 0) return [];
  const quality = qualityTitle(methods[0].judgement);
  const inPercent = isShare(methods[0].judgement);
  const unit = inPercent ? 100 : 1;
  const all = methods.flatMap(({ curve }) => curve.map(qualityOf));
  const best = Math.max(...all);
  const worst = Math.min(...all);
  // of a single method the mark is what is looked for, wherever it is
  const range = methods.length > 1 ? ACCURACY_RANGE : Math.max(ACCURACY_RANGE, best - qualityOf(methods[0].judgement));
  const lowest = Math.max(worst - 0.002, best - range - 0.002);
  const shown = (point: CurvePoint) => qualityOf(point) >= lowest;
  const speedups = methods.flatMap(({ curve, judgement }) =>
    [...curve.filter(shown), judgement].flatMap(({ speedup }) => [speedup.paper ?? [], speedup.actual ?? []].flat()),
  );
  const domain = [Math.min(1, ...speedups) * 0.95, Math.max(2, ...speedups) * 1.08] as const;
  const bert = methods.find(({ method }) => method === 'bert');
  const baseline = bert && qualityOf(bert.judgement);
  const hasLines = methods.some(({ curve }) => curve.length > 1);
  return COUNTS.map(([count, name]) => {
    const title = `${quality} against speed-up, ${name}`;
    const curves = methods.map(({ method, curve }) => ({
      method,
      points: curve
        .filter((point) => point.tau !== null && shown(point))
        .flatMap((point) => mark(method, point, point.speedup[count])),
    }));
    const rows = methods
      .filter(({ judgement }) => shown(judgement))
      .flatMap(({ method, judgement }) => mark(method, judgement, judgement.speedup[count]));
    const axes = {
      x: { label: 'Speed-up over the dense model (times) →', domain, log: true },
      y: {
        label: `↑ ${quality}${inPercent ? ' (%)' : ''}`,
        // nothing is better than right on all
        domain: [unit * lowest, unit * Math.min(1, best + 0.004)] as const,
      },
      size,
    };
    const isLeftOut = methods.some(({ curve, judgement }) =>
      [...curve, judgement].some(({ speedup }) => speedup[count] === null),
    );
    return {
      title,
      caption: `${hasLines ? 'Tau rises along each line: on the left all texts run through all layers, on the right they exit at the first exit. The' : 'The'} marks are the rows of the table.${
        baseline === undefined ? '' : ' Dashed: plain BERT.'
      }${worst < lowest ? ` What lies more than ${inPercent ? `${Math.round(100 * range)} points` : range.toFixed(2)} below the best is not drawn.` : ''}${isLeftOut ? ` ${NO_SPEEDUP}` : ''}`,
      drawing: chart(title, axes, (plane) => [
        ...(baseline === undefined || baseline < lowest ? [] : [levelLine(plane, unit * baseline)]),
        lines(plane, places, curves),
        dots(plane, places, rows, 6),
      ]),
      heads: ['Method', 'tau', quality, 'Speed-up'],
      rows: methods.flatMap(({ method, curve, judgement }) =>
        withPoint(thin(curve), judgement).map((point) => [
          method,
          tauText(point.tau),
          qualityText(point),
          times(point.speedup[count]),
        ]),
      ),
    };
  });
}

/** None where no layer ran: a speed-up without end has no place on the scale. */
function mark(method: string, point: CurvePoint, x: number | null) {
  if (x === null) return [];
  const y = (isShare(point) ? 100 : 1) * qualityOf(point);
  return [{ method, y, x, title: `${method}, tau ${tauText(point.tau)}: ${qualityText(point)} at ${times(x)}` }];
}
const tauText = (tau: number | null) => (tau === null ? 'off' : String(tau));
/** The curve's points and the table's own, by tau, "off" first. */
function withPoint(curve: readonly CurvePoint[], point: CurvePoint): CurvePoint[] {
  const others = curve.filter(({ tau }) => tau !== point.tau);
  return [...others, point].sort((a, b) => (a.tau ?? -1) - (b.tau ?? -1));
}
