/** The texts that are still on their way through the network, as rows of one graph; and the fewer of them in a branch of it. */
import { type EncoderConfig, embed, type Layout, layoutOf, type Weights, WORD_EMBEDDINGS } from '../encoder/index.ts';
import type { Graph, Value } from '../graph/index.ts';
import type { GivenTokens } from './given-tokens.ts';

export interface LiveTexts {
  /** [N, d]: the rows that enter the next layer. */
  readonly x: Value;
  readonly layout: Layout;
  /** int64 [N], of pairs alone. */
  readonly segments: Value | null;
  /** [B, C]: what floor 0 adds to the logits of every exit; null: nothing. */
  readonly addend: Value | null;
  /** [B, C]: the logits of the exit that was asked last; null: none was. */
  readonly before: Value | null;
}

/** Which texts of a level stay, numbered anew. */
export interface Staying {
  /** bool [B], of the level's texts. */
  readonly flags: Value;
  /** int64 [B′]: the places of those that stay. */
  readonly texts: Value;
  /** Symbol of B′. */
  readonly count: string;
}

/** Those that do not leave; `level` names the symbol of how many they are. */
export function stayingTexts(g: Graph, leave: Value, level: string): Staying {
  const count = `B${level}`;
  const flags = g.op('Not', [leave], {}); // [B]
  const texts = g.reshape(g.op('NonZero', [flags], { dim: count }), [count]); // [B′]
  g.bindDimTo(count, texts, 0);
  return { flags, texts, count };
}

/** The rows where `keep` [N] is true, and the texts they are of where these are numbered anew. */
function rowsLeft(g: Graph, keep: Value, sequence: (rows: Value) => Value, { flags }: Staying, level: string) {
  const rows = g.reshape(g.op('NonZero', [keep], { dim: `N${level}` }), [`N${level}`]); // [N′]
  const number = g.op('CumSum', [g.cast(flags, 'int64')], { axis: 0, exclusive: true }); // [B]
  return { rows, sequence: g.gather(number, sequence(rows)) };
}

const dimsOf = (level: string, texts: string) => ({ rows: `N${level}`, texts, padded: `S${level}` });

/** The texts that stay, in a branch where there are some. */
export function onlyStaying(
  g: Graph,
  { x, layout, segments, addend, before }: LiveTexts,
  staying: Staying,
  level: string,
): LiveTexts {
  return g.scope(`staying.${level}`, () => {
    const keep = g.gather(staying.flags, layout.sequence); // [N]
    const { rows, sequence } = rowsLeft(g, keep, (at) => g.takeRows(layout.sequence, at), staying, level);
    const original = () => g.takeRows(layout.original ?? layout.position, rows);
    return {
      x: g.takeRows(x, rows),
      layout: layoutOf(g, sequence, dimsOf(level, staying.count), original),
      segments: segments && g.takeRows(segments, rows),
      addend: addend && g.takeRows(addend, staying.texts),
      before: before && g.takeRows(before, staying.texts),
    };
  });
}

/** The texts at the network's door: the rows of the tokens where `read` [B, S] is true, of those that stay (null: all do). */
export function enteringTexts(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  tokens: GivenTokens,
  read: Value,
  staying: Staying | null,
  addend: Value | null,
): LiveTexts {
  const level = '0';
  const flat = (value: Value) => g.reshape(value, ['B*S']);
  return g.scope('entering', () => {
    const wanted = staying ? g.op('And', [read, g.unsqueeze(staying.flags, 1)], {}) : read; // [B, S]
    const textOf = (rows: Value) => g.div(rows, g.extent('S'));
    let rows: Value;
    let sequence: Value;
    if (staying) ({ rows, sequence } = rowsLeft(g, flat(wanted), textOf, staying, level));
    else {
      rows = g.reshape(g.op('NonZero', [flat(wanted)], { dim: `N${level}` }), [`N${level}`]); // [N]
      sequence = textOf(rows);
    }
    const layout = layoutOf(g, sequence, dimsOf(level, staying?.count ?? 'B'));
    const of = (value: Value | null) => value && g.takeRows(flat(value), rows); // [N]
    const words = g.gather(weights(WORD_EMBEDDINGS), of(tokens.ids)!); // [N, e]
    return {
      x: embed(g, weights, config, words, layout.position, of(tokens.types)),
      layout,
      segments: of(tokens.segments),
      addend: addend && (staying ? g.takeRows(addend, staying.texts) : addend),
      before: null,
    };
  });
}
