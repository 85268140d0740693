/**
 * What the file is given: token ids as tokenisers of other programs give them, padded at either side, with a mask. Which of
 * them the network reads is worked out in the graph, so that a text that is too long is cut as the engine cuts it.
 */
import type { EncoderConfig } from '../encoder/index.ts';
import type { Graph, Value } from '../graph/index.ts';
import type { Tokenizer } from '../text/tokenizer/tokenizer.ts';

/** How the tokeniser puts special tokens around texts. One stands before all, as [CLS]. */
export interface Frame {
  /** Special tokens after a single text. */
  readonly after: number;
  /** Between the texts of a pair, and after the second. */
  readonly between: number;
  readonly afterPair: number;
  /** The id that ends a text. */
  readonly separator: number;
  /** Token types tell the texts of a pair apart. */
  readonly typesTell: boolean;
  /** Which end of a text is cut off where nobody says. */
  readonly side: 'right' | 'left';
}

export function frameOf(tokenizer: Tokenizer): Frame {
  const most = 64;
  const single = tokenizer.encode('', undefined, most).ids;
  const word = tokenizer.encode('a', undefined, most).ids.length - single.length;
  const { ids, types, segments } = tokenizer.encode('a', 'a', most);
  const second = (segments ?? types).indexOf(1);
  const start = second < 0 ? ids.length : second;
  return {
    after: single.length - 1,
    between: start - 1 - word,
    afterPair: ids.length - start - word,
    separator: single.at(-1) ?? -1,
    typesTell: segments === undefined,
    side: tokenizer.truncationSide,
  };
}

/** All [B, S]. */
export interface GivenTokens {
  /** int64. */
  readonly ids: Value;
  /** int64; null: the network has no token types. */
  readonly types: Value | null;
  /** int64: which text of a pair a token is of, 0 or 1; null: the texts are single. */
  readonly segments: Value | null;
  /** bool: a token is there. */
  readonly live: Value;
  /** int64: its place in its text, padding aside. */
  readonly position: Value;
}

export const TOKEN_INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'] as const;

/** Makes the inputs; `pairs`: the model reads pairs of texts. */
export function givenTokens(g: Graph, config: EncoderConfig, frame: Frame, pairs: boolean): GivenTokens {
  const input = (name: (typeof TOKEN_INPUTS)[number]) => g.input(name, 'int64', ['B', 'S']);
  const ids = input('input_ids');
  const mask = input('attention_mask');
  const types = config.tokenTypes && config.typeVocabularySize > 1 ? input('token_type_ids') : null;
  return g.scope('tokens', () => {
    const live = g.op('Greater', [mask, g.scalar(0, 'int64')], {});
    const before = (flags: Value) => g.op('CumSum', [g.cast(flags, 'int64')], { axis: 1, exclusive: true });
    const bySeparators = () => {
      const ends = g.op('And', [live, g.op('Equal', [ids, g.scalar(frame.separator, 'int64')], {})], {});
      return g.op('GreaterOrEqual', [before(ends), g.scalar(frame.between, 'int64')], {});
    };
    const isSecond = () =>
      types && frame.typesTell ? g.op('Greater', [types, g.scalar(0, 'int64')], {}) : bySeparators();
    return { ids, types, segments: pairs ? g.cast(isSecond(), 'int64') : null, live, position: before(live) };
  });
}

/** [B, S] bool: the tokens of a text (or pair) that is cut to `maxLength`, special ones included, as the tokeniser cuts it. */
export function cutTokens(
  g: Graph,
  { live, position, segments }: GivenTokens,
  { after, between, afterPair, side }: Frame,
  maxLength: number,
): Value {
  return g.scope('cut', () => {
    const count = (flags: Value) => g.sum(g.cast(flags, 'int64'), [1], true); // [B, 1]
    const less = (a: Value, b: Value) => g.op('Less', [a, b], {});
    const smaller = (a: Value, b: Value) => g.where(less(a, b), a, b);
    const largerThan0 = (a: Value) => g.where(less(a, g.scalar(0, 'int64')), 0, a);
    const minus = (n: number, a: Value) => g.sub(g.scalar(n, 'int64'), a);
    /** onnxruntime has no `Where` of truth values. */
    const either = (condition: Value, a: Value, b: Value) =>
      g.op('Or', [g.op('And', [condition, a], {}), g.op('And', [g.op('Not', [condition], {}), b], {})], {});
    const length = count(live); // [B, 1]
    /** Whether token `at` of a text of `n` own tokens, `special` of them before it, is one of the `kept` or special. */
    const keeps = (at: Value, special: number, n: Value, kept: Value): Value => {
      const own = special === 0 ? at : g.sub(at, special);
      const outside = g.op('Or', [less(own, g.scalar(0, 'int64')), g.op('GreaterOrEqual', [own, n], {})], {});
      const stays = side === 'right' ? less(own, kept) : g.op('GreaterOrEqual', [own, g.sub(n, kept)], {});
      return g.op('Or', [outside, stays], {});
    };
    // the first so many tokens and the last; where all fit, these are all
    const [begin, end] = side === 'right' ? [maxLength - after, after] : [1, maxLength - 1];
    const isLast = g.op('GreaterOrEqual', [position, g.sub(length, end)], {}); // [B, S]
    const ofSingle = g.op('Or', [less(position, g.scalar(begin, 'int64')), isLast], {}); // [B, S]
    if (!segments) return g.op('And', [live, ofSingle], {});

    // as `longestFirst` of src/text/tokenizer/special-tokens.ts
    const inSecond = g.op('And', [live, g.op('Greater', [segments, g.scalar(0, 'int64')], {})], {}); // [B, S]
    const second = count(inSecond); // [B, 1]
    const first = g.sub(length, second); // [B, 1]
    const [n1, n2] = [largerThan0(g.sub(first, 1 + between)), largerThan0(g.sub(second, afterPair))]; // [B, 1]
    const both = maxLength - 1 - between - afterPair;
    const fewer = smaller(smaller(n1, n2), g.scalar(Math.floor(both / 2), 'int64'));
    const more = minus(both, fewer);
    const isLonger = less(n2, n1);
    const fits = less(g.add(n1, n2), g.scalar(both + 1, 'int64'));
    const kept1 = g.where(fits, n1, g.where(isLonger, more, fewer)); // [B, 1]
    const kept2 = g.where(fits, n2, g.where(isLonger, fewer, more)); // [B, 1]
    const ofPair = either(inSecond, keeps(g.sub(position, first), 0, n2, kept2), keeps(position, 1, n1, kept1)); // [B, S]
    const isPair = g.op('Greater', [second, g.scalar(0, 'int64')], {}); // [B, 1]
    return g.op('And', [live, either(isPair, ofPair, ofSingle)], {});
  });
}
