/**
 * Everything about the arrangement of packed rows that follows from one vector: `sequence` [N], the text that each
 * row belongs to (0 … B−1, ascending, every text at least one row, [CLS] first). Padding exists only inside
 * attention; `pad` and `unpad` convert between the two.
 */
import type { Graph, Value } from '../graph/index.ts';

export interface Layout {
  /** Symbols of this layout's sizes. */
  readonly rows: string;
  readonly texts: string;
  readonly padded: string;
  /** [N] int64: the text of each row. */
  readonly sequence: Value;
  /** [B] int64: live tokens of each text. */
  readonly lengths: Value;
  /** [B] int64: each text's first row, its [CLS]. */
  readonly first: Value;
  /** [N] int64: each row's place within its text. */
  readonly position: Value;
  /** [N] int64: each row's place in its text before any token was removed; null: none was, it is `position`. */
  readonly original: Value | null;
  /** [B, S] int64: the row at each padded place, 0 where there is none. */
  readonly pad: Value;
  /** [N] int64: each row's place in the flattened padded view [B·S]. */
  readonly unpad: Value;
  /** [B, S] bool: a row is there. */
  readonly live: Value;
  /**
   * [N] float32, from 0 to 1: how much of each row the others still see, where soft pruning fades rows so (see `fade` in
   * block.ts); left out: all of it.
   */
  readonly presence?: Value;
}

/** Added to attention logits of dead places: far below any live one, far from overflow. */
const DEAD = -1e9;

/**
 * The layout of `sequence` (shape [rows]); `texts` is the symbol of B and `padded` that of the longest length. `original`
 * writes the rows' original places, where tokens were removed: it is asked only in a network that reads them.
 */
export function layoutOf(
  g: Graph,
  sequence: Value,
  dims: { rows: string; texts: string; padded: string },
  original: () => Value | null = () => null,
): Layout {
  let places: Value | null = null;
  const { rows, texts, padded } = dims;
  return g.scope(`layout.${rows}`, () => {
    const ones = g.op('ConstantOfShape', [g.op('Shape', [sequence], {})], { shape: [rows], value: 1, dtype: 'int64' });
    const lengths = g.scatterAdd(g.zeros([texts], 'int64'), sequence, ones); // [B]
    const first = g.op('CumSum', [lengths], { axis: 0, exclusive: true }); // [B]
    g.bindDim(padded, g.op('ReduceMax', [lengths], { axes: [0], keepDims: false }));
    g.bindDimTo(rows, sequence, 0);
    const row = g.range(rows); // [N]
    const position = g.sub(row, g.gather(first, sequence)); // [N]
    const unpad = g.add(g.mul(sequence, g.extent(padded)), position); // [N]
    const flat = g.op('ScatterRows', [g.zeros([`${texts}*${padded}`], 'int64'), g.unsqueeze(unpad, 1), row], {}); // [B·S]
    const pad = g.reshape(flat, [texts, padded]); // [B, S]
    const live = g.op('Less', [g.range(padded), g.unsqueeze(lengths, 1)], {}); // [B, S]
    return {
      rows,
      texts,
      padded,
      sequence,
      lengths,
      first,
      position,
      get original() {
        places ??= g.scope(`layout.${rows}`, original);
        return places;
      },
      pad,
      unpad,
      live,
    };
  });
}

/** Added to a presence before its logarithm: a row of presence 0 gets no attention that float32 can tell from none. */
const NO_PRESENCE = 1e-30;

/**
 * [B, 1, 1, S], added to attention logits: ln of a row's presence (0 where nothing fades), very negative at dead places.
 * `near` bool [B or 1, 1, S, S] leaves to each row those alone that it sees: [B, 1, S, S].
 */
export function attentionBias(g: Graph, layout: Layout, near: Value | null = null): Value {
  const alive = g.unsqueeze(g.where(layout.live, logPresence(g, layout) ?? g.scalar(0), DEAD), 1, 2); // [B, 1, 1, S]
  return near ? g.where(near, alive, DEAD) : alive;
}

/** [B, S]: ln of each row's presence, at live places; null: nothing fades. */
export const logPresence = (g: Graph, { presence, pad, unpad }: Layout): Value | null =>
  presence ? g.op('PadRows', [g.op('Log', [g.add(presence, NO_PRESENCE)], {}), pad, unpad], {}) : null;

/** [B, S]: how much of each row counts, 1 at live places where nothing fades; 0 at dead places. */
export function rowWeights(g: Graph, { live, presence, pad, unpad }: Layout): Value {
  const whole = g.cast(live, 'float32');
  return presence ? g.mul(whole, g.op('PadRows', [presence, pad, unpad], {})) : whole;
}

/** [B]: the sum of a text's row weights; without fading its number of live tokens. */
export const rowCount = (g: Graph, layout: Layout): Value =>
  layout.presence ? g.sum(rowWeights(g, layout), [1]) : g.cast(layout.lengths, 'float32');

/** [N] bool: the row is its text's [CLS]. */
export const isFirst = (g: Graph, { position }: Layout): Value => g.op('Equal', [position, g.scalar(0, 'int64')], {});
