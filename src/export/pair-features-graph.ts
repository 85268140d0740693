/**
 * What floor 0 reads of pairs, as part of a graph: which n-grams both texts have, and the overlap figures, as
 * src/pyramid/floor/pair-reader.ts computes them for one pair.
 */
import type { Graph, Value } from '../graph/index.ts';
import { MODULUS, SPACES } from '../pyramid/floor/hashing.ts';
import type { FloorParts, OverlapParts } from '../pyramid/floor/index.ts';
import { NUMBER } from '../pyramid/floor/piece-kinds.ts';
import { filled, type NgramsInGraph } from './ngrams-graph.ts';

export interface PairFeatures {
  /** int64 [G′]: the pair of each n-gram that is a feature, and its hash in the name space of those that have it. */
  readonly text: Value;
  readonly hash: Value;
  /** [B, F], as they are, not standardised. */
  readonly figures: Value;
}

/** Above every hash. */
const SPAN = 2 ** 31;
/** Keeps an empty text from a division by 0. */
const LITTLE = 1e-9;

/** `grams` with bigrams, which are counted even where they are no features. */
export function pairFeatures(
  g: Graph,
  { info, kinds, overlap }: FloorParts & { readonly overlap: OverlapParts },
  grams: NgramsInGraph,
): PairFeatures {
  const equal = (a: Value, n: number) => g.op('Equal', [a, g.scalar(n, 'int64')], {});
  const float = (flags: Value) => g.cast(flags, 'float32');
  const not = (flags: Value) => g.op('Not', [flags], {});
  const and = (...flags: Value[]) => flags.reduce((a, b) => g.op('And', [a, b], {}));

  // once for each text that has it, then how many of the two have it
  const key = g.add(g.mul(g.add(g.mul(grams.text, SPAN), grams.hash), 2), grams.segment!); // [G]
  const [each, inGrams] = g.ops('Unique', [key], { dim: 'E' }); // [E]
  const [distinct, inEach, , texts] = g.ops('Unique', [g.div(each, 2)], { dim: 'D' }); // [D]
  g.bindDimTo('D', distinct, 0);
  const text = g.div(distinct, SPAN);
  const piece = g.gather(g.gather(grams.piece, inGrams), inEach); // [D]
  const isPiece = g.op('GreaterOrEqual', [piece, g.scalar(0, 'int64')], {});
  const inBoth = equal(texts, 2);
  const inSecond = equal(g.mod(g.gather(each, inEach), 2), 1); // where one of them has it
  const apart = and(isPiece, not(inBoth));
  const id = g.where(isPiece, piece, 0);
  const idf = g.gather(g.constant('pieces.idf', overlap.pieceIdf, [kinds.length]), id); // [D]
  const numbers = Uint8Array.from(kinds, (kind) => Number(kind === NUMBER));
  const isNumber = g.cast(g.gather(g.constant('kinds.number', numbers, [kinds.length]), id), 'bool');

  const idfOf = (flags: Value) => g.mul(idf, float(flags));
  const columns = [
    idfOf(and(isPiece, inBoth)),
    idfOf(and(apart, not(inSecond))),
    idfOf(and(apart, inSecond)),
    float(and(isPiece, inBoth)),
    float(isPiece),
    float(and(not(isPiece), inBoth)),
    float(not(isPiece)),
    float(and(apart, isNumber)),
  ].map((column) => g.unsqueeze(column, 1));
  const sums = g.scatterAdd(g.zeros(['B', columns.length]), text, g.concat(columns, 1)); // [B, 8]
  const [both, onlyFirst, onlySecond, common, pieces, commonBigrams, bigrams, numbersApart] = g.split(
    sums,
    1,
    columns.map(() => 1),
  ); // [B, 1] each
  const rarest = g.op('ScatterMax', [g.zeros(['B']), text, idfOf(apart)], {}); // [B]

  const { tokens } = grams;
  const place = g.add(g.mul(tokens.text, 2), tokens.segment!); // [M], of two for each pair
  const ofTexts = (values: Value) => g.split(g.reshape(values, ['B', 2]), 1, [1, 1]); // [B, 1] each
  const [n1, n2] = ofTexts(g.scatterAdd(g.zeros(['2*B'], 'int64'), place, filled(g, place, 1))).map((n) =>
    g.cast(n, 'float32'),
  );
  const leading = g.where(equal(tokens.rank, 0), g.add(tokens.id, 1), 0); // [M]
  const [first1, first2] = ofTexts(g.op('ScatterMax', [g.zeros(['2*B'], 'int64'), place, leading], {}));

  const share = (part: Value, ...others: Value[]) =>
    g.div(
      part,
      g.add(
        [part, ...others].reduce((a, b) => g.add(a, b)),
        LITTLE,
      ),
    );
  const figures = [
    share(both, onlyFirst, onlySecond),
    share(onlyFirst, both),
    share(onlySecond, both),
    g.div(common, g.add(pieces, LITTLE)),
    g.div(commonBigrams, g.add(bigrams, 1)),
    g.abs(g.sub(n1, n2)),
    g.where(g.op('Less', [n1, n2], {}), n1, n2),
    float(g.op('Equal', [first1, first2], {})),
    g.unsqueeze(rarest, 1),
    float(g.op('Equal', [numbersApart, g.scalar(0)], {})),
  ];

  const hash = g.mod(distinct, SPAN);
  const moved = g.mod(g.add(hash, g.where(inBoth, g.scalar(SPACES.both, 'int64'), SPACES.apart)), MODULUS); // [D]
  const features = info.bigrams ? null : g.reshape(g.op('NonZero', [isPiece], { dim: 'D_pieces' }), ['D_pieces']);
  const ofFeatures = (values: Value) => (features ? g.takeRows(values, features) : values);
  return { text: ofFeatures(text), hash: ofFeatures(moved), figures: g.concat(figures, 1) };
}
