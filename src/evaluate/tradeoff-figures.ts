/**
 * Accuracy against speed-up over tau: what a reader looks at first.
 */
import { type Figure, type MethodReport, thin } from './figure.ts';
import type { Summary } from './judge.ts';
import { type Palette, plot } from './plot.ts';
import { percent, times } from './table.ts';

/** Accuracy is drawn down to this far below the best, since a curve's end at the first layer would flatten the rest. */
const ACCURACY_RANGE = 0.08;

/** Accuracy against speed-up over tau, one figure a count, on the same scales. */
export async function tradeoffFigures(methods: readonly MethodReport[], places: Palette): Promise<Figure[]> {
  if (methods.length === 0) return [];
  const best = Math.max(...methods.flatMap(({ curve }) => curve.map(({ accuracy }) => accuracy)));
  const worst = Math.min(...methods.flatMap(({ curve }) => curve.map(({ accuracy }) => accuracy)));
  const lowest = Math.max(worst - 0.002, best - ACCURACY_RANGE);
  const shown = (point: Summary) => point.accuracy >= lowest;
  const speedups = methods.flatMap(({ curve, judgement }) =>
    [...curve.filter(shown), judgement].flatMap(({ speedup }) => [speedup.paper, speedup.actual]),
  );
  const domain = [Math.min(1, ...speedups) * 0.95, Math.max(2, ...speedups) * 1.08];
  const baseline = methods.find(({ method }) => method === 'bert')?.judgement.accuracy;
  const counts = [
    ['paper', 'as the paper counts'],
    ['actual', 'as computed'],
  ] as const;
  return Promise.all(
    counts.map(async ([count, name]) => {
      const lines = methods.flatMap(({ method, curve }) =>
        curve
          .filter((point) => point.tau !== null && shown(point))
          .map((point) => mark(method, point, point.speedup[count])),
      );
      const dots = methods.map(({ method, judgement }) => mark(method, judgement, judgement.speedup[count]));
      const title = `Accuracy against speed-up, ${name}`;
      const svg = await plot(title, places, (Plot) => ({
        x: {
          type: 'log',
          domain,
          label: 'Speed-up over the dense model (times) →',
          ticks: ticks(domain),
          tickFormat: short1,
        },
        y: { domain: [100 * lowest, 100 * best + 0.4], label: '↑ Accuracy (%)', percent: true, ticks: 6 },
        marks: [
          Plot.ruleY(baseline === undefined ? [] : [baseline], { strokeDasharray: '4 4', strokeOpacity: 0.6 }),
          Plot.line(lines, { x: 'x', y: 'accuracy', stroke: 'method', z: 'method', strokeWidth: 1.8 }),
          Plot.dot(dots, {
            x: 'x',
            y: 'accuracy',
            fill: 'method',
            symbol: 'method',
            r: 6,
            stroke: 'var(--surface)',
            title: 'title',
          }),
        ],
      }));
      return {
        title,
        caption: `Each line runs over tau, from sure answers only (left) to the first layer's (right); the marks are the rows of the table.${
          baseline === undefined ? '' : ' Dashed: plain BERT.'
        }${worst < lowest ? ` What lies more than ${100 * ACCURACY_RANGE} points below the best is not drawn.` : ''}`,
        svg,
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
    }),
  );
}

const mark = (method: string, { tau, accuracy }: Summary, x: number) => ({
  method,
  accuracy,
  x,
  title: `${method}, tau ${tauText(tau)}: ${percent(accuracy)} at ${times(x)}`,
});
const tauText = (tau: number | null) => (tau === null ? 'off' : String(tau));
const short1 = (value: number) => String(Number(value.toPrecision(2)));

/** The curve's points and the table's own, by tau, "off" first. */
function withPoint(curve: readonly Summary[], point: Summary): Summary[] {
  const others = curve.filter(({ tau }) => tau !== point.tau);
  return [...others, point].sort((a, b) => (a.tau ?? -1) - (b.tau ?? -1));
}

/** Round places on a logarithmic axis: 1, 1.5, 2, 3, 5, 7 and their tenfolds. */
function ticks([low, high]: readonly number[]): number[] {
  const steps = high / low > 20 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  return [0.1, 1, 10, 100].flatMap((decade) => steps.map((step) => step * decade)).filter((x) => x >= low && x <= high);
}
