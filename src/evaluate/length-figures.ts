/**
 * The paper's figure 1: what length of text does to speed, pruning and exits.
 */
import { exits, type Figure, type MethodReport, prunes } from './figure.ts';
import type { LengthBucket } from './judge.ts';
import { type Palette, plot } from './plot.ts';
import { percent, times } from './table.ts';

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

const bucketName = ({ from, to }: { from: number; to: number | null }) =>
  to === null ? `over ${from - 1}` : `${from}–${to}`;
