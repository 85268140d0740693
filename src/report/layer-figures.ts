/**
 * Tokens left and exits, by layer; floor 0, before the network, is a bar of its own.
 */
import { barChart, type ChartSize, chart, dots, lines } from './chart.ts';
import { exits, type Figure, type MethodReport, prunes } from './figure.ts';
import { percent } from './format.ts';
import type { Palette } from './palette.ts';

/** Tokens that pruning leaves, and where texts answer, by layer. */
export function layerFigures(methods: readonly MethodReport[], places: Palette, size?: ChartSize): Figure[] {
  const layers = Math.max(...methods.map(({ judgement }) => judgement.exitsByLayer.length));
  const pruned = methods.filter(prunes);
  const early = methods.filter(exits);
  return [
    ...(pruned.length > 0 ? [tokensFigure(pruned, layers, places, size)] : []),
    ...(early.length > 0 ? [exitsFigure(early, layers, places, size)] : []),
  ];
}

function tokensFigure(pruned: readonly MethodReport[], layers: number, places: Palette, size?: ChartSize): Figure {
  const title = 'Tokens left by layer';
  const curves = pruned.map(({ method, judgement: { tokensByLayer } }) => ({
    method,
    points: tokensByLayer.map((tokens, x) => {
      const share = tokens / tokensByLayer[0];
      return { method, x, y: 100 * share, title: `${method}, layer ${x}: ${percent(share)}` };
    }),
  }));
  const axes = {
    x: { label: 'Layer →', domain: [0, layers] as const, ticks: byLayer(layers + 1, (layer) => layer) },
    y: { label: '↑ Tokens left (%)', domain: [0, 100] as const, ticks: 5 },
    size,
  };
  return {
    title,
    caption: 'The mean share of tokens left after each layer, without exits; layer 0 is the input.',
    drawing: chart(title, axes, (plane) => [
      lines(plane, places, curves),
      dots(
        plane,
        places,
        curves.flatMap(({ points }) => points),
      ),
    ]),
    heads: ['Layer', ...pruned.map(({ method }) => method)],
    rows: byLayer(layers + 1, (layer) => [
      String(layer),
      ...pruned.map(({ judgement: { tokensByLayer } }) =>
        layer < tokensByLayer.length ? percent(tokensByLayer[layer] / tokensByLayer[0]) : '–',
      ),
    ]),
  };
}

function exitsFigure(early: readonly MethodReport[], layers: number, places: Palette, size?: ChartSize): Figure {
  const title = 'Exits by layer';
  const hasFloor = early.some(({ judgement }) => judgement.exitsAtFloor !== null);
  const exits = [...(hasFloor ? [0] : []), ...byLayer(layers, (i) => i + 1)];
  const shares = early.map(({ method, judgement: { exitsByLayer, exitsAtFloor, n } }) => ({
    method,
    shares: exits.map((exit) => {
      const texts = exit === 0 ? exitsAtFloor : (exitsByLayer[exit - 1] ?? null);
      return texts === null ? null : texts / n;
    }),
  }));
  const series = shares.map(({ method, shares }) => ({
    method,
    values: shares.map((share) => share && 100 * share),
    titles: shares.map((share, i) => `${method}, ${nameOf(exits[i])}: ${share === null ? '–' : percent(share)}`),
  }));
  const groups = exits.map(String);
  const label = hasFloor ? 'Layer, 0 is floor 0 →' : 'Layer →';
  return {
    title,
    caption: `The share of texts that each layer answers${hasFloor ? ', and floor 0 before the network' : ''}, at the tau in the table.`,
    drawing: barChart(title, { groups, label, y: { label: '↑ Texts (%)', ticks: 5 }, places, size }, series),
    heads: ['Layer', ...early.map(({ method }) => method)],
    rows: exits.map((exit, i) => [
      exit === 0 ? 'floor 0' : String(exit),
      ...shares.map(({ shares }) => (shares[i] === null ? '–' : percent(shares[i]))),
    ]),
  };
}

const nameOf = (exit: number) => (exit === 0 ? 'floor 0' : `layer ${exit}`);

const byLayer = <T>(layers: number, value: (i: number) => T): T[] => Array.from({ length: layers }, (_, i) => value(i));
