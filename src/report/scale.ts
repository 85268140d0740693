/** From values to pixels: linear, logarithmic, and in bands; and where the ticks stand. Knows nothing of drawing. */
import { ticks as linearTicks, nice } from 'd3-array';

export interface Scale {
  (value: number): number;
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
}

export interface ScaleOptions {
  readonly domain: readonly [number, number];
  /** Pixels at the two ends of the domain. */
  readonly range: readonly [number, number];
  readonly log?: boolean;
  /** Widens a linear domain to round ends. */
  readonly nice?: boolean;
  /** About how many, or which. Default 6. */
  readonly ticks?: number | readonly number[];
}

export function scale({ domain, range, log = false, nice: widen = false, ticks = 6 }: ScaleOptions): Scale {
  const count = typeof ticks === 'number' ? ticks : 6;
  const [low, high] = widen && !log ? (nice(domain[0], domain[1], count) as [number, number]) : domain;
  const measure = log ? Math.log : (value: number) => value;
  // a domain of one value stands in the middle rather than at NaN
  const share = (value: number) =>
    low === high ? 0.5 : (measure(value) - measure(low)) / (measure(high) - measure(low));
  const place = (value: number) => range[0] + share(value) * (range[1] - range[0]);
  const own = log ? logTicks(low, high) : linearTicks(low, high, count);
  return Object.assign(place, { domain: [low, high] as const, ticks: typeof ticks === 'number' ? own : ticks });
}

/** Round places on a logarithmic axis: 1, 1.5, 2, 3, 4, 5, 6, 8 and their tenfolds; fewer where it is long. */
function logTicks(low: number, high: number): number[] {
  const ratio = high / low;
  const steps = ratio > 2000 ? [1] : ratio > 20 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  const first = Math.floor(Math.log10(low));
  const decades = Array.from({ length: Math.floor(Math.log10(high)) - first + 1 }, (_, i) => 10 ** (first + i));
  // the first may lie below the domain, with multiples within it
  const every = Math.max(1, Math.ceil((decades.length - 1) / MOST_DECADES));
  return decades
    .filter((_, i) => i % every === 0)
    .flatMap((decade) => steps.map((step) => Number((step * decade).toPrecision(2))))
    .filter((value) => value >= low && value <= high);
}

/** More powers of ten do not stand beside each other in a small chart. */
const MOST_DECADES = 6;

export interface Bands {
  /** Where band `i` begins. */
  start(i: number): number;
  readonly width: number;
}

/** `count` bands of equal width over `range`, with `gap` (a share of a band's step) between and around them. */
export function bands(count: number, range: readonly [number, number], gap: number): Bands {
  const step = (range[1] - range[0]) / (count + gap);
  return { start: (i) => range[0] + step * (i + gap), width: step * (1 - gap) };
}
