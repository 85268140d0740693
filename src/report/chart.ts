/**
 * A chart's frame, axes and grid, with lines, points or bars in it, as a drawing. Knows nothing of what is charted.
 */
import { type Drawing, draw, tip } from './drawing.ts';
import { colour, methodMark, type Palette } from './palette.ts';
import { bands, type Scale, type ScaleOptions, scale } from './scale.ts';

/** In pixels; the SVG scales with its place. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

const SIZE: ChartSize = { width: 520, height: 344 };
const MARGIN = { top: 30, right: 20, bottom: 46, left: 48 } as const;

export interface Axis extends Omit<ScaleOptions, 'range'> {
  readonly label: string;
  readonly format?: (value: number) => string;
}

/** Where the marks are drawn. */
export interface Plane {
  readonly x: Scale;
  readonly y: Scale;
}

const shortest = (value: number) => {
  const rounded = Number(value.toPrecision(6));
  return Math.abs(rounded) < 10_000 ? String(rounded) : rounded.toLocaleString('en');
};

/** A chart over two axes of numbers. The title names it for screen readers. */
export function chart(
  title: string,
  { x, y, size = SIZE }: { readonly x: Axis; readonly y: Axis; readonly size?: ChartSize },
  marks: (plane: Plane) => readonly Drawing[],
): Drawing {
  const up = scale({ ...y, range: upwards(size) });
  const frame = inside(size, up, y);
  const plane = { x: scale({ ...x, range: frame.x }), y: up };
  const across = plane.x.ticks.map((value) => ({ at: plane.x(value), text: (x.format ?? shortest)(value) }));
  return drawn(title, size, [
    grid(
      frame,
      across.map(({ at }) => at),
      plane.y,
    ),
    ...axisX(frame, across, x.label),
    ...axisY(frame, plane.y, y),
    ...marks(plane),
  ]);
}

export interface BarSeries {
  readonly method: string;
  /** One a group; null draws none. */
  readonly values: readonly (number | null)[];
  readonly titles: readonly string[];
}

/** A group of bars for each name, in it a bar for each of `series`; the y axis begins at zero, a logarithmic one at 1. */
export function barChart(
  title: string,
  {
    groups,
    label,
    y,
    places,
    size = SIZE,
  }: {
    readonly groups: readonly string[];
    readonly label: string;
    readonly y: Omit<Axis, 'domain'>;
    readonly places: Palette;
    readonly size?: ChartSize;
  },
  series: readonly BarSeries[],
): Drawing {
  const largest = Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const least = y.log ? 1 : 0;
  const up = scale({ ...y, domain: [least, largest || 1], nice: true, range: upwards(size) });
  const frame = inside(size, up, y);
  const outer = bands(groups.length, frame.x, 0.15);
  const across = groups.map((text, i) => ({ at: outer.start(i) + outer.width / 2, text }));
  const bars = groups.flatMap((_, g) => {
    const inner = bands(series.length, [outer.start(g), outer.start(g) + outer.width], 0.08);
    return series.flatMap(({ method, values, titles }, s) => {
      const value = values[g];
      if (value === null) return [];
      const top = up(Math.max(least, value));
      const shape = { x: inner.start(s), y: top, width: inner.width, height: up(least) - top };
      return [draw('rect', { ...shape, fill: colour(places, method) }, [tip(titles[g])])];
    });
  });
  return drawn(title, size, [
    grid(frame, [], up),
    ...axisX(frame, across, label),
    ...axisY(frame, up, y),
    draw('g', { class: 'bars' }, bars),
    rule({ x1: frame.x[0], x2: frame.x[1], y1: up(least), y2: up(least) }),
  ]);
}

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  readonly title?: string;
}

/** One line a series through its points, in their order; a series without points has none. */
export const lines = (
  { x, y }: Plane,
  places: Palette,
  series: readonly { readonly method: string; readonly points: readonly ChartPoint[] }[],
): Drawing =>
  draw(
    'g',
    { class: 'lines', fill: 'none', 'stroke-width': 1.8, 'stroke-linejoin': 'round', 'stroke-linecap': 'round' },
    series
      .filter(({ points }) => points.length > 0)
      .map(({ method, points }) => {
        const d = points.map((point, i) => `${i === 0 ? 'M' : 'L'}${round(x(point.x))},${round(y(point.y))}`).join('');
        return draw('path', { d, stroke: colour(places, method) });
      }),
  );

/** A method's symbol at each point. */
export const dots = (
  { x, y }: Plane,
  places: Palette,
  points: readonly (ChartPoint & { readonly method: string })[],
  r = 4,
): Drawing =>
  draw(
    'g',
    { class: 'dots' },
    points.map(({ method, title, ...at }) => methodMark(places, method, { x: x(at.x), y: y(at.y), r, title })),
  );

/** A dashed line at a height, from end to end. */
export const levelLine = ({ x, y }: Plane, at: number): Drawing =>
  rule({ x1: x(x.domain[0]), x2: x(x.domain[1]), y1: y(at), y2: y(at) }, { 'stroke-dasharray': '4 4', opacity: 0.6 });

interface Frame {
  readonly x: readonly [number, number];
  /** From the bottom to the top. */
  readonly y: readonly [number, number];
}

const upwards = ({ height }: ChartSize): Frame['y'] => [height - MARGIN.bottom, MARGIN.top];

/** Pixels of a digit, at the size that a style sheet gives texts on a phone. */
const DIGIT = 9;

/** The margin at the left holds the longest of the y axis' figures. */
function inside(size: ChartSize, y: Scale, { format = shortest }: Pick<Axis, 'format'>): Frame {
  const digits = Math.max(...y.ticks.map((value) => format(value).length));
  return { x: [Math.max(MARGIN.left, 7 + DIGIT * digits), size.width - MARGIN.right], y: upwards(size) };
}

/** The whole SVG, named for screen readers. */
export const drawn = (title: string, { width, height }: ChartSize, children: readonly Drawing[]): Drawing =>
  draw(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: 'chart',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-label': title,
      'font-size': 13,
      fill: 'currentColor',
    },
    children,
  );

const rule = (ends: Readonly<Record<'x1' | 'x2' | 'y1' | 'y2', number>>, more: Record<string, string | number> = {}) =>
  draw('line', { ...ends, stroke: 'currentColor', ...more });

const grid = (frame: Frame, across: readonly number[], y: Scale) =>
  draw('g', { class: 'grid', opacity: 0.12 }, [
    ...across.map((at) => rule({ x1: at, x2: at, y1: frame.y[0], y2: frame.y[1] })),
    ...y.ticks.map((value) => rule({ x1: frame.x[0], x2: frame.x[1], y1: y(value), y2: y(value) })),
  ]);

const text = (at: { readonly x: number; readonly y: number }, words: string, anchor: 'start' | 'middle' | 'end') =>
  draw('text', { ...at, 'text-anchor': anchor }, [words]);

const axisX = (frame: Frame, ticks: readonly { readonly at: number; readonly text: string }[], label: string) => [
  draw(
    'g',
    { class: 'ticks' },
    ticks.map(({ at, text: words }) => text({ x: at, y: frame.y[0] + 18 }, words, 'middle')),
  ),
  text({ x: frame.x[1], y: frame.y[0] + 39 }, label, 'end'),
];

const axisY = (frame: Frame, y: Scale, { label, format = shortest }: Omit<Axis, 'domain'>) => [
  draw(
    'g',
    { class: 'ticks' },
    y.ticks.map((value) => text({ x: frame.x[0] - 7, y: y(value) + 4.5 }, format(value), 'end')),
  ),
  text({ x: 3, y: 14 }, label, 'start'),
];

const round = (value: number) => Math.round(value * 100) / 100;
