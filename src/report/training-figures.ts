/**
 * How training went: loss and the figure on the validation rows, epoch by epoch.
 */
import { type ChartSize, chart, dots, lines } from './chart.ts';
import { type Figure, type TrainingCurve, thin } from './figure.ts';
import { percent, short } from './format.ts';
import type { Palette } from './palette.ts';

const PANELS = [
  [
    'loss',
    'Training loss',
    '↑ Loss',
    'The mean loss since the last point. A break marks a new stage with another loss.',
  ],
  ['accuracy', 'Validation accuracy in training', '↑ Accuracy (%)', 'On the validation rows.'],
  ['microF1', 'Validation micro F1 in training', '↑ Micro F1', 'On the validation rows, with thresholds of 0.5.'],
  ['r2', 'Variance explained in training', '↑ R²', 'On the validation rows.'],
] as const;

/** Points of a curve that are still marked one by one. */
const MOST_DOTS = 200;

/** Loss, and accuracy or what stands in its place on the validation rows, over the epochs. */
export function trainingFigures(curves: readonly TrainingCurve[], places: Palette, size?: ChartSize): Figure[] {
  return PANELS.flatMap(([key, title, label, caption]) => {
    const runs = curves.map(({ method, stage, points }) => ({
      method,
      points: points.flatMap((point) => {
        const value = point[key] ?? null;
        if (value === null) return [];
        return [{ method, stage, value, x: point.epoch, y: key === 'accuracy' ? 100 * value : value }];
      }),
    }));
    const all = runs.flatMap(({ points }) => points);
    if (all.length === 0) return [];
    const heights = all.map(({ y }) => y);
    const axes = {
      x: { label: 'Epoch →', domain: [0, Math.max(...all.map(({ x }) => x))] as const },
      y: { label, domain: [Math.min(...heights), Math.max(...heights)] as const, nice: true },
      size,
    };
    const show = key === 'accuracy' ? percent : short;
    return [
      {
        title,
        caption,
        drawing: chart(title, axes, (plane) => [
          lines(plane, places, runs),
          ...(all.length > MOST_DOTS ? [] : [dots(plane, places, all)]),
        ]),
        heads: ['Method', 'Stage', 'Epoch', title],
        rows: thin(all, 60).map(({ method, stage, x, value }) => [method, stage, short(x), show(value)]),
      },
    ];
  });
}
