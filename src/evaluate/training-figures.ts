/**
 * How training went: loss and validation accuracy, epoch by epoch.
 */
import { type Figure, type TrainingCurve, thin } from './figure.ts';
import { type Palette, plot } from './plot.ts';
import { percent, short } from './table.ts';

/** Loss and validation accuracy over the epochs. */
export async function trainingFigures(curves: readonly TrainingCurve[], places: Palette): Promise<Figure[]> {
  const panels = [
    [
      'loss',
      'Training loss',
      '↑ Loss',
      'The mean loss since the last point; a break is a new stage with another loss.',
    ],
    ['accuracy', 'Validation accuracy in training', '↑ Accuracy (%)', 'On rows that are not trained on.'],
  ] as const;
  const figures = panels.map(async ([key, title, label, caption]) => {
    const points = curves.flatMap(({ method, stage, points }) =>
      points.map((point) => ({
        method,
        run: `${method}, ${stage}`,
        stage,
        epoch: point.epoch,
        value: point[key] ?? null,
      })),
    );
    const drawn = points.filter(({ value }) => value !== null);
    if (drawn.length === 0) return null;
    return {
      title,
      caption,
      svg: await plot(title, places, (Plot) => ({
        x: { label: 'Epoch →', zero: true },
        y: { label, percent: key === 'accuracy', ticks: 6 },
        marks: [
          Plot.line(drawn, { x: 'epoch', y: 'value', stroke: 'method', z: 'run', strokeWidth: 1.8 }),
          Plot.dot(drawn.length > 200 ? [] : drawn, { x: 'epoch', y: 'value', fill: 'method', symbol: 'method', r: 4 }),
        ],
      })),
      heads: ['Method', 'Stage', 'Epoch', title],
      rows: thin(drawn, 60).map(({ method, stage, epoch, value }) => [
        method,
        stage,
        short(epoch),
        key === 'accuracy' ? percent(value as number) : short(value as number),
      ]),
    };
  });
  return (await Promise.all(figures)).filter((figure) => figure !== null);
}
