/**
 * Colours and symbols of the methods. Colours are CSS variables, `--method-0` to `--method-7`, that the report and the
 * page define.
 */
import {
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond2,
  symbolSquare2,
  symbolStar,
  symbolTimes,
  symbolTriangle,
  symbolWye,
} from 'd3-shape';
import { type Drawing, draw, tip } from './drawing.ts';

/** Methods in the order of the table, each with a place among the colours and symbols. */
export type Palette = ReadonlyMap<string, number>;

const PALETTE_SIZE = 8;
const SYMBOLS = [
  symbolCircle,
  symbolSquare2,
  symbolTriangle,
  symbolDiamond2,
  symbolStar,
  symbolWye,
  symbolCross,
  symbolTimes,
] as const;
const FILLED = new Set<unknown>([
  symbolCircle,
  symbolSquare2,
  symbolTriangle,
  symbolDiamond2,
  symbolStar,
  symbolWye,
  symbolCross,
]);

/** The seven known methods keep their colours from report to report; others take those left over. */
export function palette(methods: readonly string[]): Palette {
  const known = ['bert', 'distilbert', 'ltp', 'fastbert', 'mp', 'mp+', 'linear'];
  const places = new Map<string, number>();
  let next = known.length;
  for (const method of methods) {
    if (places.has(method)) continue;
    const place = known.indexOf(method);
    places.set(method, place >= 0 ? place : next++);
  }
  return places;
}

/** The colour of a method; one that is not in the palette has the first. */
export const colour = (places: Palette, method: string): string =>
  `var(--method-${(places.get(method) ?? 0) % PALETTE_SIZE})`;

/** A method's symbol in its colour, around (x, y), of radius `r`. */
export function methodMark(
  places: Palette,
  method: string,
  { x, y, r = 5, title }: { readonly x: number; readonly y: number; readonly r?: number; readonly title?: string },
): Drawing {
  const kind = SYMBOLS[(places.get(method) ?? 0) % SYMBOLS.length];
  const fill = colour(places, method);
  return draw(
    'path',
    {
      d: symbol(kind, Math.PI * r * r)() ?? '',
      transform: `translate(${round(x)},${round(y)})`,
      ...(FILLED.has(kind) ? { fill, stroke: 'var(--surface)' } : { fill: 'none', stroke: fill, 'stroke-width': 2 }),
    },
    [tip(title)],
  );
}

/** A method's symbol for a legend, 16 pixels square. */
export const legendMark = (places: Palette, method: string): Drawing =>
  draw('svg', { viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true' }, [
    methodMark(places, method, { x: 8, y: 8 }),
  ]);

const round = (value: number) => Math.round(value * 100) / 100;
