/**
 * Accuracy against speed-up over tau: the first chart that a reader looks at.
 */

import type { Summary } from '../evaluate/judge.ts';
import { type ChartSize, chart, dots, levelLine, lines } from './chart.ts';
import { type Figure, thin } from './figure.ts';
import { percent, times } from './format.ts';
import type { Palette } from './palette.ts';

/** Accuracy is drawn down to this far below the best, since a curve's end at the first layer would flatten the rest. */
const ACCURACY_RANGE = 0.08;

/** What is drawn of a method: its place in the table, and its curve over tau, which may be that point alone. */
export interface CurveReport {
  readonly method: string;
  readonly judgement: CurvePoint;
  readonly curve: readonly CurvePoint[];
}
export type CurvePoint = Pick<Summary, 'tau' | 'accuracy' | 'speedup'>;

/** Of a caption whose chart has no place for some points. */
export const NO_SPEEDUP = 'Points without a speed-up, since no layer of a network ran, are in the table alone.';

const COUNTS = [
  ['paper', 'as the paper counts'],
  ['actual', 'as computed'],
] as const;

/** Accuracy against speed-up over tau, one figure a count, on the same scales. */
export function tradeoffFigures(methods: readonly CurveReport[], places: Palette, size?: ChartSize): Figure[] {
  if (methods.length === 0) return [];
  const best = Math.max(...methods.flatMap(({ curve }) => curve.map(({ accuracy }) => accuracy)));
  const worst = Math.min(...methods.flatMap(({ curve }) => curve.map(({ accuracy }) => accuracy)));
  // of a single method the mark is what is looked for, wherever it is
  const range = methods.length > 1 ? ACCURACY_RANGE : Math.max(ACCURACY_RANGE, best - methods[0].judgement.accuracy);
  const lowest = Math.max(worst - 0.002, best - range - 0.002);
  const shown = (point: CurvePoint) => point.accuracy >= lowest;
  const speedups = methods.flatMap(({ curve, judgement }) =>
    [...curve.filter(shown), judgement].flatMap(({ speedup }) => [speedup.paper ?? [], speedup.actual ?? []].flat()),
  );
  const domain = [Math.min(1, ...speedups) * 0.95, Math.max(2, ...speedups) * 1.08] as const;
  const baseline = methods.find(({ method }) => method === 'bert')?.judgement.accuracy;
  const hasLines = methods.some(({ curve }) => curve.length > 1);
  return COUNTS.map(([count, name]) => {
    const title = `Accuracy against speed-up, ${name}`;
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
      x: { label: 'Speed-up over the dense model (times) →', domain, log: true, format: short1 },
      y: { label: '↑ Accuracy (%)', domain: [100 * lowest, 100 * best + 0.4] as const },
      size,
    };
    const isLeftOut = methods.some(({ curve, judgement }) =>
      [...curve, judgement].some(({ speedup }) => speedup[count] === null),
    );
    return {
      title,
      caption: `${hasLines ? 'Tau rises along each line: on the left all texts run through all layers, on the right they exit at the first exit. The' : 'The'} marks are the rows of the table.${
        baseline === undefined ? '' : ' Dashed: plain BERT.'
      }${worst < lowest ? ` What lies more than ${Math.round(100 * range)} points below the best is not drawn.` : ''}${isLeftOut ? ` ${NO_SPEEDUP}` : ''}`,
      drawing: chart(title, axes, (plane) => [
        ...(baseline === undefined || baseline < lowest ? [] : [levelLine(plane, 100 * baseline)]),
        lines(plane, places, curves),
        dots(plane, places, rows, 6),
      ]),
      heads: ['Method', 'tau', 'Accuracy', 'Speed-up'],
      rows: methods.flatMap(({ method, curve, judgement }) =>
        withPoint(thin(curve), judgement).map((point) => [
          method,
          tauText(point.tau),
          percent(point.accuracy),
          times(point.speedup[count]),
        ]),
      ),
    };
  });
}

/** None where no layer ran: a speed-up without end has no place on the scale. */
const mark = (method: string, { tau, accuracy }: CurvePoint, x: number | null) =>
  x === null
    ? []
    : [{ method, y: 100 * accuracy, x, title: `${method}, tau ${tauText(tau)}: ${percent(accuracy)} at ${times(x)}` }];
const tauText = (tau: number | null) => (tau === null ? 'off' : String(tau));
const short1 = (value: number) => String(Number(value.toPrecision(2)));

/** The curve's points and the table's own, by tau, "off" first. */
function withPoint(curve: readonly CurvePoint[], point: CurvePoint): CurvePoint[] {
  const others = curve.filter(({ tau }) => tau !== point.tau);
  return [...others, point].sort((a, b) => (a.tau ?? -1) - (b.tau ?? -1));
}
