import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeadKind } from '../../src/pyramid/exits/exits.ts';
import { actualFlops, denseFlops, paperFlops } from '../../src/pyramid/flops.ts';
import type { NetworkShape } from '../../src/pyramid/shape.ts';

const bertBase: NetworkShape = { layers: 12, hiddenSize: 768, heads: 12, intermediateSize: 3072, labels: 4 };
const odd: NetworkShape = { layers: 3, hiddenSize: 20, heads: 5, intermediateSize: 37, labels: 3 };
const tokens = [11, 9, 4, 2];

// The engine's matrix products, written as [rows, inner, columns] from its graphs rather than from the formula.
type Product = readonly [rows: number, inner: number, columns: number];
const cost = (products: readonly Product[]) => products.reduce((sum, [m, k, n]) => sum + 2 * m * k * n, 0);
const repeat = (times: number, product: Product): Product[] => Array.from({ length: times }, () => product);

function layer(
  { hiddenSize: d, heads: h, intermediateSize: ff }: NetworkShape,
  enter: number,
  left: number,
): Product[] {
  return [
    [enter, d, 3 * d], // query, key, value
    ...repeat(h, [enter, d / h, enter]), // scores of each head
    ...repeat(h, [enter, enter, d / h]), // mix of each head
    [left, d, d], // output projection, after the removal
    [left, d, ff],
    [left, ff, d],
  ];
}

function peek({ hiddenSize: d, heads: h, intermediateSize: ff }: NetworkShape, enter: number): Product[] {
  return [
    [1, d, d], // query of [CLS]
    ...repeat(h, [1, d / h, d]), // folded with W_k
    ...repeat(h, [1, d, enter]), // scores
    ...repeat(h, [1, enter, d]), // mix of the tokens
    ...repeat(h, [1, d, d / h]), // W_v
    [1, d, d], // output projection
    [1, d, ff],
    [1, ff, d],
  ];
}

function mlp(features: number, { hiddenSize: d, labels }: NetworkShape): Product[] {
  return [
    [1, features, d],
    [1, d, labels],
  ];
}

describe('FLOPs as the paper counts', () => {
  it('are 9.0 billion for 52.4 tokens through all of BERT-base, the AG News row of the paper', () => {
    const used = paperFlops(bertBase, new Array(13).fill(52.4), 12);
    expect(used / 1e9).toBeCloseTo(9.0, 1);
    expect(denseFlops(bertBase, 52.4)).toBe(used);
  });

  it('count the layers up to the exit only', () => {
    const each = [1, 2, 3].map((exit) => paperFlops(odd, tokens, exit));
    const one = (a: number, f: number) => 2 * (4 * 400 * a + 40 * a * a + 2 * 20 * 37 * f);
    expect(each[0]).toBe(one(11, 9));
    expect(each[1] - each[0]).toBe(one(9, 4));
    expect(each[2] - each[1]).toBe(one(4, 2));
  });

  it('refuse token counts or an exit that do not fit the layers', () => {
    expect(() => paperFlops(odd, [11, 9, 4], 1)).toThrow('internal');
    for (const exit of [-1, 4, 1.5]) expect(() => paperFlops(odd, tokens, exit)).toThrow('internal');
  });
});

describe('FLOPs as computed', () => {
  const single = { pairs: false, peeks: 'all' } as const;

  it('of a text that leaves at layer l are l − 1 layers in full and l peeks, each with its head', () => {
    for (const exit of [1, 2]) {
      const products = [1, 2]
        .slice(0, exit)
        .flatMap((l) => [
          ...(l < exit ? layer(odd, tokens[l - 1], tokens[l]) : []),
          ...peek(odd, tokens[l - 1]),
          ...mlp(odd.hiddenSize, odd),
        ]);
      expect(actualFlops(odd, tokens, exit, { ...single, headKind: 'cls' })).toBe(cost(products));
    }
  });

  it('of a peek are 24 d² + 4 h n d where the feed-forward is four times as wide', () => {
    const { hiddenSize: d, heads: h, labels } = bertBase;
    const used = actualFlops(bertBase, new Array(13).fill(50), 1, { ...single, headKind: 'cls' });
    expect(used - 2 * (d * d + d * labels)).toBe(24 * d * d + 4 * h * 50 * d);
  });

  it('of the last layer are a peek and the classifier, with or without exits', () => {
    const below = [...layer(odd, 11, 9), ...layer(odd, 9, 4)];
    const last = [...peek(odd, 4), ...mlp(odd.hiddenSize, odd)];
    expect(actualFlops(odd, tokens, 3, { ...single, headKind: 'none' })).toBe(cost([...below, ...last]));
    const asked = [...peek(odd, 11), ...peek(odd, 9), ...mlp(odd.hiddenSize, odd), ...mlp(odd.hiddenSize, odd)];
    expect(actualFlops(odd, tokens, 3, { ...single, headKind: 'cls' })).toBe(cost([...below, ...asked, ...last]));
  });

  it('of pooled heads hold the means of the tokens that enter and a wider first product', () => {
    const d = odd.hiddenSize;
    const one = cost([...peek(odd, 11), [1, 11, d], ...mlp(2 * d, odd)]);
    expect(actualFlops(odd, tokens, 1, { ...single, headKind: 'pooled' })).toBe(one);
    const two = cost([...peek(odd, 11), [1, 11, d], [1, 11, d], ...mlp(5 * d, odd)]) + 2 * d; // |A − B| and A ⊙ B
    expect(actualFlops(odd, tokens, 1, { headKind: 'pooled', peeks: 'all', pairs: true })).toBe(two);
  });

  it('of aligned heads hold the products of all tokens with all, their mixes and two more means', () => {
    const d = odd.hiddenSize;
    const means: Product[] = [1, 2, 3, 4].map(() => [1, 11, d]);
    const all = cost([...peek(odd, 11), [11, d, 11], [11, 11, d], ...means, ...mlp(5 * d, odd)]) + 2 * d;
    expect(actualFlops(odd, tokens, 1, { headKind: 'aligned', peeks: 'all', pairs: true })).toBe(all);
  });

  it('of fastbert heads hold the layer in full and attention over the tokens left', () => {
    const [d, e, n] = [odd.hiddenSize, 16, 9];
    const head: Product[] = [
      [n, d, e], // projection of every token left
      [n, e, 2 * e], // key and value
      [1, e, e], // query of the first token, the only one that is read
      [1, e, n], // its scores and mix, over both heads
      [1, n, e],
      [1, e, e], // output projection
      [1, e, e],
      [1, e, odd.labels],
    ];
    const options = { ...single, headKind: 'fastbert', fastbertWidth: e } as const;
    expect(actualFlops(odd, tokens, 1, options)).toBe(cost([...layer(odd, 11, 9), ...head]));
  });

  it('without peeks are layers 1 to l in full, each followed by its head', () => {
    const products = [
      ...layer(odd, 11, 9),
      ...mlp(odd.hiddenSize, odd),
      ...layer(odd, 9, 4),
      ...mlp(odd.hiddenSize, odd),
    ];
    const options = { pairs: false, headKind: 'cls' } as const;
    expect(actualFlops(odd, tokens, 2, { ...options, peeks: 'none' })).toBe(cost(products));
    expect(actualFlops(odd, tokens, 2, { ...options, peeks: [true, false, false] })).toBe(
      cost([...products, ...peek(odd, 11)]),
    );
  });

  it('leave out heads that are not asked, and refuse an answer from one of them', () => {
    const options = { ...single, headKind: 'cls', asked: [false, true, true] } as const;
    const products = [...layer(odd, 11, 9), ...peek(odd, 9), ...mlp(odd.hiddenSize, odd)];
    expect(actualFlops(odd, tokens, 2, options)).toBe(cost(products));
    expect(() => actualFlops(odd, tokens, 1, options)).toThrow('internal: layer 1 answers but has no head');
    expect(() => actualFlops(odd, tokens, 1, { ...single, headKind: 'none' })).toThrow('internal');
  });

  it('grow with the exit, and with every token that stays', () => {
    const kinds = fc.constantFrom<Exclude<HeadKind, 'none'>>('cls', 'pooled', 'aligned', 'fastbert');
    const counts = fc.array(fc.integer({ min: 1, max: 128 }), { minLength: 13, maxLength: 13 });
    fc.assert(
      fc.property(
        kinds,
        counts,
        fc.constantFrom('all', 'none'),
        fc.integer({ min: 1, max: 11 }),
        (headKind, n, peeks, exit) => {
          const sorted = n.toSorted((a, b) => b - a);
          const options = { headKind, peeks, pairs: true } as const;
          // the last layer is excepted: with peeks it costs less than a fastbert head and its layer
          if (exit < 11) {
            expect(actualFlops(bertBase, sorted, exit + 1, options)).toBeGreaterThan(
              actualFlops(bertBase, sorted, exit, options),
            );
          }
          const dense = new Array(13).fill(sorted[0]);
          expect(actualFlops(bertBase, sorted, exit, options)).toBeLessThanOrEqual(
            actualFlops(bertBase, dense, exit, options),
          );
        },
      ),
    );
  });
});

describe('FLOPs of a network whose embeddings are projected', () => {
  const projected: NetworkShape = { ...odd, embeddingSize: 6 };
  const options = { headKind: 'cls', pairs: false } as const;
  const projection = 2 * tokens[0] * 6 * 20;

  it('count the projection wherever layer 1 begins with the embeddings: in its peek and in itself', () => {
    for (const [answers, peeks, times] of [
      [1, 'all', 1],
      [2, 'all', 2],
      [3, 'none', 1],
    ] as const) {
      const more =
        actualFlops(projected, tokens, answers, { ...options, peeks }) -
        actualFlops(odd, tokens, answers, { ...options, peeks });
      expect(more).toBe(times * projection);
    }
  });

  it("leave it out of the paper's count, which is of the layers, and where floor 0 answers", () => {
    expect(paperFlops(projected, tokens, 3)).toBe(paperFlops(odd, tokens, 3));
    const floor = { ...options, peeks: 'all', floor: true } as const;
    expect(actualFlops(projected, tokens, 0, floor)).toBe(actualFlops(odd, tokens, 0, floor));
  });
});

describe('FLOPs of a network with rotary positions and a gated feed-forward', () => {
  const modern: NetworkShape = { ...odd, gated: true, rotary: true };
  const options = { headKind: 'cls', pairs: false } as const;
  const { hiddenSize: d, intermediateSize: ff, heads: h } = modern;
  const modernLayer = (enter: number, left: number, keys: number): Product[] => [
    [enter, d, 2 * d], // query, value
    [keys, d, d],
    ...repeat(h, [enter, d / h, enter]),
    ...repeat(h, [enter, enter, d / h]),
    [left, d, d],
    [left, d, 2 * ff], // input and gate
    [left, ff, d],
  ];
  const modernPeek = (enter: number): Product[] => [
    [1, d, d], // query of [CLS]
    [enter, d, d], // keys, which are turned and do not fold
    [enter, d, h], // scores
    ...repeat(h, [1, enter, d]), // mix of the tokens
    ...repeat(h, [1, d, d / h]), // W_v
    [1, d, d],
    [1, d, 2 * ff],
    [1, ff, d],
  ];

  it('count three matrices of the feed-forward, and keys once where the layer takes those of its peek', () => {
    expect(actualFlops(modern, tokens, 2, { ...options, peeks: 'all' })).toBe(
      cost([...modernPeek(11), ...mlp(d, modern), ...modernLayer(11, 9, 0), ...modernPeek(9), ...mlp(d, modern)]),
    );
    const asked = [false, true, true];
    expect(actualFlops(modern, tokens, 2, { ...options, peeks: 'all', asked })).toBe(
      cost([...modernLayer(11, 9, 11), ...modernPeek(9), ...mlp(d, modern)]),
    );
    expect(paperFlops(modern, [10, 10, 10, 10], 1)).toBe(2 * (4 * d * d * 10 + 2 * d * 100 + 3 * d * ff * 10));
  });

  it('count the last layer in full where the main classifier reads the mean of all rows', () => {
    expect(actualFlops({ ...modern, pooling: 'mean' }, tokens, 3, { ...options, headKind: 'none', peeks: 'all' })).toBe(
      cost([
        ...modernLayer(11, 9, 11),
        ...modernLayer(9, 4, 9),
        ...modernLayer(4, 2, 4),
        [1, 2, d], // the mean
        ...mlp(d, modern),
      ]),
    );
  });

  it('of a peek at 50 tokens of ModernBERT-base are 13.7 % of its layer, 2.1 % without the keys that the layer takes', () => {
    const base: NetworkShape = {
      ...{ layers: 22, hiddenSize: 768, heads: 12, intermediateSize: 1152, labels: 4 },
      ...({ gated: true, rotary: true } as const),
    };
    const all = new Array(23).fill(50);
    const head = 2 * (768 * 768 + 768 * 4);
    const peeked = actualFlops(base, all, 1, { ...options, peeks: 'all' }) - head;
    const run = actualFlops(base, all, 1, { ...options, peeks: 'none' }) - head;
    const both = actualFlops(base, all, 2, { ...options, peeks: 'all' }) - 2 * head - peeked;
    expect(peeked / run).toBeCloseTo(0.137, 3);
    expect((both - run) / run).toBeCloseTo(0.021, 3);
  });
});

describe('FLOPs of a network with disentangled attention', () => {
  // buckets of distances 0 … 10 are 0, 1, 2, 3, 4, 5, 5, 6, 6, 7, 7: texts of 11 tokens have 15
  const deberta: NetworkShape = { ...odd, disentangled: { buckets: 8, span: 12 } };
  const DISTANCES = 15;
  const options = { headKind: 'cls', pairs: false } as const;
  const { hiddenSize: d, intermediateSize: ff, heads: h } = deberta;
  const whole = (enter: number, left: number, keys: number): Product[] => [
    [enter, d, 2 * d], // query, value
    [keys, d, d],
    ...repeat(h, [enter, d / h, enter]),
    ...repeat(2 * h, [enter, d / h, DISTANCES]), // queries with distances, keys with distances: those of the text as it came
    ...repeat(h, [enter, enter, d / h]),
    [left, d, d],
    [left, d, ff],
    [left, ff, d],
  ];
  const peeked = (enter: number): Product[] => [
    [1, d, d], // query of [CLS]
    [enter, d, d], // keys, which are multiplied with distances and do not fold
    [enter, d, h], // scores
    ...repeat(h, [1, enter, d]), // mix of the tokens
    ...repeat(h, [1, d, d / h]), // W_v
    [1, d, d],
    [1, d, ff],
    [1, ff, d],
  ];

  it('count products with the distances of the text as it came, and keys once where the layer takes those of its peek', () => {
    expect(actualFlops(deberta, tokens, 2, { ...options, peeks: 'all' })).toBe(
      cost([...peeked(11), ...mlp(d, deberta), ...whole(11, 9, 0), ...peeked(9), ...mlp(d, deberta)]),
    );
    const none = { ...options, headKind: 'none', peeks: 'all' } as const;
    expect(actualFlops(deberta, tokens, 3, none)).toBe(
      cost([...whole(11, 9, 11), ...whole(9, 4, 9), ...peeked(4), ...mlp(d, deberta)]),
    );
    expect(paperFlops(deberta, tokens, 2) - paperFlops(odd, tokens, 2)).toBe(
      cost([...repeat(2, [11, d, DISTANCES]), ...repeat(2, [9, d, DISTANCES])]),
    );
  });

  it('of a peek at 50 tokens of DeBERTa-v3-base are 10.1 % of its layer, 2.0 % without the keys that the layer takes', () => {
    const base: NetworkShape = { ...bertBase, disentangled: { buckets: 256, span: 512 } };
    const all = new Array(13).fill(50);
    const head = 2 * (768 * 768 + 768 * 4);
    const one = actualFlops(base, all, 1, { ...options, peeks: 'all' }) - head;
    const run = actualFlops(base, all, 1, { ...options, peeks: 'none' }) - head;
    const both = actualFlops(base, all, 2, { ...options, peeks: 'all' }) - 2 * head - one;
    expect(one / run).toBeCloseTo(0.101, 3);
    expect((both - run) / run).toBeCloseTo(0.02, 3);
  });
});
