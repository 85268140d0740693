/**
 * Where tokens and texts leave: tokens left and exits, by layer.
 */
import { exits, type Figure, type MethodReport, prunes } from './figure.ts';
import { type Palette, plot } from './plot.ts';
import { percent } from './table.ts';

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

const byLayer = <T>(layers: number, value: (i: number) => T): T[] => Array.from({ length: layers }, (_, i) => value(i));
