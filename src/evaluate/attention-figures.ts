/**
 * The paper's figure 3: of a chosen text, the attention that each token receives in each layer, and where pruning
 * removes it.
 */
import type { Figure } from './figure.ts';
import { type Palette, plot } from './plot.ts';
import { short } from './table.ts';

/** One text. Arrays inside `layers` are in the order of `tokens`. */
export interface AttentionExample {
  readonly task: string;
  readonly method: string;
  /** Word pieces, special ones included. */
  readonly tokens: readonly string[];
  /** Layer 1 first. */
  readonly layers: readonly {
    /** The importance (eq. 4) of the tokens that enter the layer; null for those removed before it. */
    readonly scores: readonly (number | null)[];
    /** The tokens that are left after it. */
    readonly kept: readonly boolean[];
  }[];
}

export function attentionFigures(examples: readonly AttentionExample[], places: Palette): Promise<Figure[]> {
  return Promise.all(
    examples.map((example, i) => attentionFigure(example, `Attention by token, text ${i + 1}`, places)),
  );
}

async function attentionFigure(
  { method, tokens, layers }: AttentionExample,
  title: string,
  places: Palette,
): Promise<Figure> {
  const cells = layers.flatMap(({ scores, kept }, l) => {
    const largest = Math.max(...scores.map((score) => score ?? 0));
    return scores.flatMap((score, token) => {
      if (score === null) return [];
      const removed = !kept[token];
      const name = `${tokens[token]}, layer ${l + 1}: ${short(score)}${removed ? ', removed' : ''}`;
      return [{ token, layer: l + 1, share: score / largest, removed, title: name }];
    });
  });
  const svg = await plot(title, places, (Plot) => ({
    width: Math.max(520, 48 + 22 * tokens.length),
    height: 130 + 26 * layers.length,
    marginBottom: 95,
    grid: false,
    x: {
      type: 'band',
      domain: tokens.map((_, i) => i),
      tickFormat: (i: number) => tokens[i],
      tickRotate: -60,
      label: null,
      tickSize: 0,
    },
    y: { type: 'band', domain: layers.map((_, l) => l + 1), label: '↓ Layer', tickSize: 0 },
    // square roots: a few tokens take most of the attention, and the rest would all be white
    opacity: { type: 'sqrt', domain: [0, 1], range: [0.06, 1] },
    marks: [
      Plot.cell(cells, {
        x: 'token',
        y: 'layer',
        fill: 'var(--accent)',
        fillOpacity: 'share',
        inset: 0.5,
        title: 'title',
      }),
      Plot.dot(
        cells.filter(({ removed }) => removed),
        { x: 'token', y: 'layer', symbol: 'times', r: 3.5, stroke: 'var(--failed)', strokeWidth: 1.6 },
      ),
    ],
  }));
  return {
    title,
    wide: true,
    caption: `${method}: the darker, the more attention the token receives, against the most attended one of the layer; × is where it is removed.`,
    svg,
    heads: ['Token', ...layers.map((_, l) => `Layer ${l + 1}`)],
    rows: tokens.map((token, i) => [
      token,
      ...layers.map(({ scores, kept }) => {
        const score = scores[i];
        return score === null ? '–' : `${short(score)}${kept[i] ? '' : ' ×'}`;
      }),
    ]),
  };
}
