/**
 * The paper's figure 1: speed-up, pruning and exits by text length.
 */

import type { LengthBucket } from '../evaluate/judge.ts';
import { barChart, type ChartSize } from './chart.ts';
import { exits, type Figure, type MethodReport, prunes } from './figure.ts';
import { percent, times } from './format.ts';
import type { Palette } from './palette.ts';

/** Figure 1: speed-ups, pruned tokens and mean exit, by length of text. */
export function lengthFigures(methods: readonly MethodReport[], places: Palette, size?: ChartSize): Figure[] {
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
      caption: 'By tokens per text: operations of the dense model divided by those used.',
      value: ({ speedup }) => speedup?.paper,
      text: times,
    },
    {
      title: 'Speed-up by length, as computed',
      label: '↑ Speed-up (times)',
      caption: 'By tokens per text, with exit heads, peeks and the classifier included.',
      value: ({ speedup }) => speedup?.actual,
      text: times,
    },
    {
      title: 'Tokens pruned, by length',
      label: '↑ Share of tokens (%)',
      caption: 'The share of tokens that pruning removes, over all layers, without exits.',
      value: ({ pruned }) => pruned,
      text: percent,
      of: prunes,
    },
    {
      title: 'Mean exit, by length',
      label: '↑ Layer',
      caption: 'The mean layer that answers.',
      value: ({ meanExit }) => meanExit,
      text: (layer) => layer.toFixed(2),
      of: exits,
    },
  ];
  return panels.flatMap(({ title, label, caption, value, text, of = () => true }) => {
    const series = methods.filter(of).map(({ method, judgement: { byLength } }) => {
      const found = byLength.map((bucket) => value(bucket) ?? null);
      const texts = found.map((one) => (one === null ? '–' : text(one)));
      const inUnits = text === percent ? found.map((one) => one && 100 * one) : found;
      return { method, values: inUnits, texts, titles: texts.map((one) => `${method}: ${one}`) };
    });
    // where no layer of a network ran there is nothing to draw
    if (series.every(({ values }) => values.every((one) => !one))) return [];
    const lengths = methods[0].judgement.byLength.map(bucketName);
    const drawn = series.flatMap(({ values }) => values.filter((one) => one));
    // beside floor 0 alone every other method's bar would be a line on the axis
    const log = text === times && Math.max(...(drawn as number[])) > LONG * Math.min(...(drawn as number[]));
    const axes = { groups: lengths, label: 'Tokens of the text →', y: { label, ticks: 5, log }, places, size };
    return [
      {
        title,
        caption,
        drawing: barChart(title, axes, series),
        heads: ['Tokens', ...series.map(({ method }) => method)],
        rows: lengths.map((length, i) => [length, ...series.map(({ texts }) => texts[i])]),
      },
    ];
  });
}

/** So many times the shortest bar, and bars are no longer seen beside each other. */
const LONG = 50;

const bucketName = ({ from, to }: { from: number; to: number | null }) =>
  to === null ? `over ${from - 1}` : `${from}–${to}`;
