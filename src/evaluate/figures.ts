/**
 * The report's figures: rows of numbers to SVG, each with its title, a sentence on how to read it, and the same
 * numbers as a table. Colours are CSS variables that the report defines, so one SVG serves light and dark. The
 * plotting library is loaded at the first figure, never with the package.
 */
import type { Judgement, LengthBucket, Summary } from './judge.ts';
import { percent, short, times } from './table.ts';

/** What the figures show of one method on one task. */
export interface MethodReport {
  readonly task: string;
  readonly method: string;
  /** At the tau of the table. */
  readonly judgement: Judgement;
  /** `tradeoff` of the same trace; one point where there are no exits. */
  readonly curve: readonly Summary[];
}

/** Loss and validation metrics of one method's stage; `epoch` counts from the method's first one, fractions allowed. */
export interface TrainingCurve {
  readonly task: string;
  readonly method: string;
  readonly stage: string;
  readonly points: readonly { readonly epoch: number; readonly loss: number; readonly accuracy?: number | null }[];
}

export interface Figure {
  readonly title: string;
  readonly caption: string;
  readonly svg: string;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

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
/** Accuracy is drawn down to this far below the best, since a curve's end at the first layer would flatten the rest. */
const ACCURACY_RANGE = 0.08;

/** Accuracy against speed-up over tau, one figure a count, on the same scales. */
export async function tradeoffFigures(methods: readonly MethodReport[], places: Palette): Promise<Figure[]> {
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

/** Figure 1: speed-ups, pruned tokens and mean exit, by length of text. */
export async function lengthFigures(methods: readonly MethodReport[], places: Palette): Promise<Figure[]> {
  const panels: readonly {
    readonly title: string;
    readonly label: string;
    readonly caption: string;
    readonly value: (bucket: LengthBucket) => number | null | undefined;
    readonly text: (value: number) => string;
    readonly of?: (method: MethodReport) => boolean;
  }[] = [
    {
      title: 'Speed-up by length, as the paper counts',
      label: '↑ Speed-up (times)',
      caption: 'Tokens a text; operations of the dense model over those used.',
      value: ({ speedup }) => speedup?.paper,
      text: times,
    },
    {
      title: 'Speed-up by length, as computed',
      label: '↑ Speed-up (times)',
      caption: 'Tokens a text; heads, peeks and the classifier included.',
      value: ({ speedup }) => speedup?.actual,
      text: times,
    },
    {
      title: 'Tokens pruned, by length',
      label: '↑ Share of tokens (%)',
      caption: 'Of all tokens of all layers, those that pruning leaves out; exits aside.',
      value: ({ pruned }) => pruned,
      text: percent,
      of: prunes,
    },
    {
      title: 'Mean exit, by length',
      label: '↑ Layer',
      caption: 'The layer that answers, on average.',
      value: ({ meanExit }) => meanExit,
      text: (layer) => layer.toFixed(2),
      of: exits,
    },
  ];
  const figures = panels.map(async ({ title, label, caption, value, text, of = () => true }) => {
    const chosen = methods.filter(of);
    const bars = chosen.flatMap(({ method, judgement }) =>
      judgement.byLength.map((bucket) => {
        const of = value(bucket) ?? null;
        return { method, length: bucketName(bucket), value: of, title: `${method}: ${of === null ? '' : text(of)}` };
      }),
    );
    if (bars.length === 0) return null;
    const lengths = [...new Set(bars.map(({ length }) => length))];
    const svg = await plot(title, places, (Plot) => ({
      fx: { domain: lengths, label: 'Tokens of the text →', padding: 0.15 },
      x: { axis: null, domain: chosen.map(({ method }) => method), padding: 0.08 },
      y: { label, grid: true, nice: true, percent: text === percent, ticks: 5 },
      marks: [
        Plot.barY(
          bars.filter((bar) => bar.value !== null),
          { fx: 'length', x: 'method', y: 'value', fill: 'method', title: 'title' },
        ),
        Plot.ruleY([0]),
      ],
    }));
    return {
      title,
      caption,
      svg,
      heads: ['Tokens', ...chosen.map(({ method }) => method)],
      rows: lengths.map((length) => [
        length,
        ...bars.filter((bar) => bar.length === length).map((bar) => (bar.value === null ? '–' : text(bar.value))),
      ]),
    };
  });
  return (await Promise.all(figures)).filter((figure) => figure !== null);
}

/** Tokens that pruning leaves, and where texts answer, by layer. */
export async function layerFigures(methods: readonly MethodReport[], places: Palette): Promise<Figure[]> {
  const figures: Figure[] = [];
  const layers = Math.max(...methods.map(({ judgement }) => judgement.exitsByLayer.length));
  const pruned = methods.filter(prunes);
  if (pruned.length > 0) {
    const title = 'Tokens left by layer';
    const points = pruned.flatMap(({ method, judgement: { tokensByLayer } }) =>
      tokensByLayer.map((tokens, layer) => ({ method, layer, share: tokens / tokensByLayer[0] })),
    );
    figures.push({
      title,
      caption: 'The mean share of tokens left after each layer, exits aside; 0 is what enters.',
      svg: await plot(title, places, (Plot) => ({
        x: { label: 'Layer →', ticks: layers, tickFormat: 'd' },
        y: { domain: [0, 100], label: '↑ Tokens left (%)', percent: true, ticks: 5 },
        marks: [
          Plot.ruleY([0]),
          Plot.line(points, { x: 'layer', y: 'share', stroke: 'method', z: 'method', strokeWidth: 1.8 }),
          Plot.dot(points, { x: 'layer', y: 'share', fill: 'method', symbol: 'method', r: 4 }),
        ],
      })),
      heads: ['Layer', ...pruned.map(({ method }) => method)],
      rows: byLayer(layers + 1, (layer) => [
        String(layer),
        ...pruned.map(({ judgement: { tokensByLayer } }) =>
          layer < tokensByLayer.length ? percent(tokensByLayer[layer] / tokensByLayer[0]) : '–',
        ),
      ]),
    });
  }
  const early = methods.filter(exits);
  if (early.length > 0) {
    const title = 'Exits by layer';
    const bars = early.flatMap(({ method, judgement: { exitsByLayer, n } }) =>
      exitsByLayer.map((count, i) => ({
        method,
        layer: i + 1,
        share: count / n,
        title: `${method}, layer ${i + 1}: ${percent(count / n)}`,
      })),
    );
    figures.push({
      title,
      caption: 'The share of texts that each layer answers, at the tau of the table.',
      svg: await plot(title, places, (Plot) => ({
        fx: { label: 'Layer →', padding: 0.15 },
        x: { axis: null, domain: early.map(({ method }) => method), padding: 0.08 },
        y: { label: '↑ Texts (%)', grid: true, nice: true, percent: true, ticks: 5 },
        marks: [
          Plot.barY(bars, { fx: 'layer', x: 'method', y: 'share', fill: 'method', title: 'title' }),
          Plot.ruleY([0]),
        ],
      })),
      heads: ['Layer', ...early.map(({ method }) => method)],
      rows: byLayer(layers, (i) => [
        String(i + 1),
        ...early.map(({ judgement: { exitsByLayer, n } }) =>
          i < exitsByLayer.length ? percent(exitsByLayer[i] / n) : '–',
        ),
      ]),
    });
  }
  return figures;
}

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
async function plot(title: string, places: Palette, options: (Plot: PlotLibrary) => PlotOptions): Promise<string> {
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

const mark = (method: string, { tau, accuracy }: Summary, x: number) => ({
  method,
  accuracy,
  x,
  title: `${method}, tau ${tauText(tau)}: ${percent(accuracy)} at ${times(x)}`,
});
const bucketName = ({ from, to }: { from: number; to: number | null }) =>
  to === null ? `over ${from - 1}` : `${from}–${to}`;
const tauText = (tau: number | null) => (tau === null ? 'off' : String(tau));
const prunes = ({ judgement: { tokensByLayer } }: MethodReport) => tokensByLayer.at(-1)! < tokensByLayer[0];
const exits = ({ judgement: { exitsByLayer, n } }: MethodReport) => exitsByLayer.at(-1)! < n;
const byLayer = <T>(layers: number, value: (i: number) => T): T[] => Array.from({ length: layers }, (_, i) => value(i));
const short1 = (value: number) => String(Number(value.toPrecision(2)));

/** Evenly spaced members, the ends among them: what a reader wants of a long list. */
function thin<T>(items: readonly T[], most = 12): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]);
}

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
