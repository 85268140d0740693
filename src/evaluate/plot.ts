/**
 * Drawing for the report's figures: colours and symbols of the methods, and one SVG by Observable Plot on linkedom.
 * Colours are CSS variables that the report defines, so one SVG serves light and dark. The library is loaded at the
 * first figure, never with the package.
 */

/** Methods in the order of the table, each with a place among the colours and symbols. */
export type Palette = ReadonlyMap<string, number>;

const PALETTE_SIZE = 8;
const SYMBOLS = ['circle', 'square2', 'triangle', 'diamond2', 'star', 'wye', 'cross', 'times'] as const;
const colour = (place: number) => `var(--method-${place % PALETTE_SIZE})`;
const symbol = (place: number) => SYMBOLS[place % SYMBOLS.length];

/** The six known methods keep their colours from report to report; others take those left over. */
export function palette(methods: readonly string[]): Palette {
  const known = ['bert', 'distilbert', 'ltp', 'fastbert', 'mp', 'mp+'];
  const places = new Map<string, number>();
  let next = known.length;
  for (const method of methods) {
    if (places.has(method)) continue;
    const place = known.indexOf(method);
    places.set(method, place >= 0 ? place : next++);
  }
  return places;
}

const WIDTH = 520;
const HEIGHT = 344;

type PlotLibrary = typeof import('@observablehq/plot');
type PlotOptions = import('@observablehq/plot').PlotOptions;

let library: Promise<{ readonly Plot: PlotLibrary; readonly document: PlotOptions['document'] }> | undefined;

function load(): NonNullable<typeof library> {
  library ??= Promise.all([import('@observablehq/plot'), import('linkedom')]).then(([Plot, { parseHTML }]) => ({
    Plot,
    document: parseHTML('<!doctype html><html><body></body></html>').document as unknown as PlotOptions['document'],
  }));
  return library;
}

/** One SVG of the report's size, named for screen readers. */
export async function plot(
  title: string,
  places: Palette,
  options: (Plot: PlotLibrary) => PlotOptions,
): Promise<string> {
  const { Plot, document } = await load();
  const svg = Plot.plot({
    document,
    className: 'plot',
    width: WIDTH,
    height: HEIGHT,
    marginTop: 30,
    marginLeft: 48,
    marginBottom: 46,
    style: { fontSize: '13px', background: 'none' },
    grid: true,
    color: { domain: [...places.keys()], range: [...places.values()].map(colour) },
    symbol: { domain: [...places.keys()], range: [...places.values()].map(symbol) },
    ariaLabel: title,
    ...options(Plot),
  });
  svg.setAttribute('role', 'img');
  return svg.outerHTML;
}

/** A method's symbol in its colour, for a legend. */
export async function legendMark(place: number): Promise<string> {
  const { Plot, document } = await load();
  const marks = [Plot.dot([0], { frameAnchor: 'middle', symbol: symbol(place), fill: colour(place), r: 5 })];
  const svg = Plot.plot({ document, className: 'plot', width: 16, height: 16, margin: 0, axis: null, marks });
  svg.setAttribute('aria-hidden', 'true');
  return svg.outerHTML;
}
