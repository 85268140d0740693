/** Axes: their figures have room, and cover their domain. */
import { describe, expect, test } from 'vitest';
import { barChart, chart } from '../../src/report/chart.ts';
import type { Drawing } from '../../src/report/drawing.ts';
import { palette } from '../../src/report/palette.ts';

const all = (drawing: Drawing): Drawing[] => [
  drawing,
  ...drawing.children.flatMap((child) => (typeof child === 'string' ? [] : all(child))),
];
const words = (drawing: Drawing) => all(drawing).filter(({ tag }) => tag === 'text');
const said = (drawing: Drawing) => words(drawing).map(({ children: [text] }) => text);
const bars = (drawing: Drawing) =>
  all(drawing)
    .filter(({ tag }) => tag === 'rect')
    .map(({ attributes }) => attributes as { y: number; height: number });

const bar = (values: readonly (number | null)[], log: boolean) =>
  barChart(
    'Speed-up',
    { groups: ['short', 'long'], label: 'Length', y: { label: 'times', ticks: 5, log }, places: palette(['mp']) },
    [{ method: 'mp', values, titles: ['', ''] }],
  );

describe('the figures of an axis', () => {
  test.each([0.8, 40, 2_500, 260_000, 31_000_000])('up to %d lie within the drawing', (largest) => {
    const figures = words(bar([largest, 1], false)).filter(({ attributes }) => attributes['text-anchor'] === 'end');
    expect(figures.length).toBeGreaterThan(3);
    for (const { attributes, children } of figures.slice(0, -1)) {
      const digits = String(children[0]).length;
      expect(Number(attributes.x) - 7.5 * digits).toBeGreaterThan(0); // of 13 pixels a digit takes 7.4
    }
  });

  test('of a logarithmic one go on to its end, however long it is', () => {
    const axis = (high: number) =>
      said(chart('', { x: { label: 'x', log: true, domain: [1, high] }, y: { label: 'y', domain: [7, 8] } }, () => []));
    expect(axis(222_000)).toEqual(expect.arrayContaining(['1', '10', '100', '1000', '10,000', '100,000']));
    const long = axis(3e11).filter((text) => /^1[0,]*$/.test(String(text)));
    expect(long.length).toBeLessThanOrEqual(6);
    expect(long).toContain('10,000,000,000');
    expect(axis(3)).toEqual(expect.arrayContaining(['1', '1.5', '2', '3']));
  });
});

test('on a logarithmic axis a bar stands on 1, and a tenfold is always as high', () => {
  const [ten, hundred] = bars(bar([10, 100], true));
  expect(hundred.height).toBeCloseTo(2 * ten.height, 6);
  const [slower, same] = bars(bar([0.5, 1], true));
  expect([slower.height, same.height]).toEqual([0, 0]);
  expect(bars(bar([10, null], true))).toHaveLength(1);
});
