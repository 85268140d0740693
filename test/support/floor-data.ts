/** Small texts of token ids whose labels follow from some of them, for floor 0. */
import { randomStream } from '../../src/random.ts';
import { type FloorJob, floorRows } from '../../src/train/linear/index.ts';

export const VOCABULARY = 80;
/** 0 is a special token, 1 the unknown piece; ids from 70 on are numbers. */
export const KINDS = Uint8Array.from({ length: VOCABULARY }, (_, id) => (id < 2 ? 1 : id >= 70 ? 2 : 0));

export interface DrawnText {
  readonly ids: Int32Array;
  readonly types: Uint8Array;
  readonly label: number;
}

export function drawnTexts(count: number, labels: number, { seed = 1, pairs = false } = {}): DrawnText[] {
  const random = randomStream(seed, 'floor data');
  return Array.from({ length: count }, (_, i) => {
    const label = i % labels;
    const token = () =>
      2 + (random.next() < 0.4 ? (7 * label + random.integer(8)) % 60 : random.integer(VOCABULARY - 2));
    const first = Array.from({ length: 3 + random.integer(9) }, token);
    const second = pairs ? first.filter(() => random.next() < (label ? 0.9 : 0.4)).concat(token()) : [];
    return {
      ids: Int32Array.from([0, ...first, 0, ...second]),
      types: Uint8Array.from([0, ...first.map(() => 0), 0, ...second.map(() => 1)]),
      label,
    };
  });
}

export function jobOf(texts: readonly DrawnText[], labels: number, settings: FloorJob['settings'] = {}): FloorJob {
  const pairs = texts.some(({ types }) => types.includes(1));
  return {
    rows: floorRows(texts, pairs),
    targets: { labels: Int32Array.from(texts, ({ label }) => label), scores: null },
    ...{ labels, kinds: KINDS, seed: 3 },
    settings: { buckets: 2 ** 12, minRows: 1, strength: 5, tolerance: 1e-9, ...settings },
  };
}
