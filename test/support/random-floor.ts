/** A floor 0 with random tables: every bucket was seen, some weights are large, so that some texts leave by it. */
import { FIGURES, type FloorParts, outputsFor, pieceKinds, SeenBuckets } from '../../src/pyramid/floor/index.ts';
import { randomStream } from '../../src/random.ts';
import type { Tokenizer } from '../../src/text/tokenizer/tokenizer.ts';

const BUCKETS = 1024;

export interface RandomFloorOptions {
  readonly seed: number;
  readonly labels: number;
  /** A text may have any number of them. */
  readonly several?: boolean;
  readonly tokenizer: Pick<Tokenizer, 'piece' | 'vocabularySize'>;
  readonly pairs?: boolean;
  /** w. */
  readonly weight?: number;
  /** How much a pair's overlap figures weigh beside its words: with 1 they decide alone. */
  readonly figures?: number;
  /** See FloorReading; left out: it reads all. */
  readonly maxTokens?: number | null;
}

export function randomFloor({
  seed,
  labels,
  several = false,
  tokenizer,
  pairs = false,
  weight = 0.8,
  figures = 1,
  maxTokens = null,
}: RandomFloorOptions): FloorParts {
  const random = randomStream(seed, 'floor');
  const outputs = outputsFor(labels, several);
  const half = (n: number, of: () => number) => Float32Array.from({ length: n }, () => Math.round(of() * 64) / 64); // exact in half precision
  const shares = Array.from({ length: labels }, () => 1 + random.next());
  const total = shares.reduce((a, b) => a + b);
  return {
    info: {
      format: 1,
      pairs,
      buckets: BUCKETS,
      bigrams: true,
      maxTokens,
      weighting: 'tfidf',
      labels,
      ...(several && { several }),
      vocabulary: tokenizer.vocabularySize,
      seen: BUCKETS,
      unseenIdf: 4,
      temperature: 1.5,
      sum: { weight, priorShare: 0.5 },
    },
    kinds: pieceKinds(tokenizer),
    bits: new SeenBuckets(new Uint8Array(BUCKETS / 8).fill(255)).bits,
    idf: half(BUCKETS, () => 1 + 3 * random.next()),
    weights: half(BUCKETS * outputs, () => 5 * random.normal()),
    bias: Float32Array.from({ length: outputs }, () => random.normal()),
    prior: Float32Array.from(shares, (share) => share / total),
    overlap: pairs
      ? {
          pieceIdf: half(tokenizer.vocabularySize, () => 1 + 3 * random.next()),
          mean: Float32Array.from({ length: FIGURES }, () => random.next()),
          spread: Float32Array.from({ length: FIGURES }, () => 0.5 + random.next()),
          weights: Float32Array.from({ length: 2 * FIGURES * outputs }, () => figures * random.normal()),
        }
      : null,
  };
}
