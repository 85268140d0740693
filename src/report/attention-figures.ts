/**
 * The paper's figure 3: for a chosen text, the attention that each token receives in each layer, and the layer at which
 * pruning removes it.
 */
import { drawn } from './chart.ts';
import { type Drawing, draw, tip } from './drawing.ts';
import type { Figure } from './figure.ts';
import { short } from './format.ts';
import { bands } from './scale.ts';

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

export function attentionFigures(examples: readonly AttentionExample[]): Figure[] {
  return examples.map((example, i) => attentionFigure(example, `Attention by token, text ${i + 1}`));
}

function attentionFigure({ method, tokens, layers }: AttentionExample, title: string): Figure {
  return {
    title,
    wide: true,
    caption: `${method}: a darker cell means that the token receives more attention, relative to the most attended token of the layer; × marks where it is removed.`,
    drawing: cellChart(title, tokens, layers),
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

/** A row a layer, a cell for each token that enters it. */
function cellChart(title: string, tokens: readonly string[], layers: AttentionExample['layers']): Drawing {
  const size = { width: Math.max(520, 68 + 22 * tokens.length), height: 130 + 26 * layers.length };
  const bottom = size.height - 95;
  const columns = bands(tokens.length, [48, size.width - 20], 0.1);
  const rows = bands(layers.length, [24, bottom], 0.1);
  const cells: Drawing[] = [];
  const crosses: Drawing[] = [];
  for (const [l, { scores, kept }] of layers.entries()) {
    const largest = Math.max(...scores.map((score) => score ?? 0));
    for (const [i, score] of scores.entries()) {
      if (score === null) continue;
      const place = { x: columns.start(i), y: rows.start(l), width: columns.width, height: rows.width };
      // square roots: a few tokens take most of the attention, and the rest would all be white
      const opacity = 0.06 + 0.94 * Math.sqrt(score / largest);
      const name = `${tokens[i]}, layer ${l + 1}: ${short(score)}${kept[i] ? '' : ', removed'}`;
      cells.push(draw('rect', { ...place, fill: 'var(--accent)', 'fill-opacity': opacity }, [tip(name)]));
      if (!kept[i]) crosses.push(cross(place.x + place.width / 2, place.y + place.height / 2, 4));
    }
  }
  const names = tokens.map((token, i) => {
    const [x, y] = [columns.start(i) + columns.width / 2 + 4, bottom + 12];
    return draw('text', { x, y, 'text-anchor': 'end', transform: `rotate(-60 ${x.toFixed(2)} ${y})` }, [token]);
  });
  const numbers = layers.map((_, l) =>
    draw('text', { x: 41, y: rows.start(l) + rows.width / 2 + 4.5, 'text-anchor': 'end' }, [String(l + 1)]),
  );
  return drawn(title, size, [
    draw('text', { x: 3, y: 14 }, ['↓ Layer']),
    ...numbers,
    ...names,
    draw('g', { class: 'cells' }, cells),
    draw('g', { class: 'crosses', fill: 'none', stroke: 'var(--failed)', 'stroke-width': 1.6 }, crosses),
  ]);
}

const cross = (x: number, y: number, r: number) =>
  draw('path', {
    d: `M${[x - r, y - r].map(round)}L${[x + r, y + r].map(round)}M${[x - r, y + r].map(round)}L${[x + r, y - r].map(round)}`,
  });
const round = (value: number) => Math.round(value * 100) / 100;
