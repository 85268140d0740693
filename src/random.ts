/**
 * Seeded random numbers. A stream belongs to a seed and a path of labels (stage, epoch, …), so that any step of a
 * run can be repeated without the steps before it: resuming needs no generator state.
 */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export interface RandomStream {
  /** Uniform in [0, 1), 53 bits. */
  next(): number;
  /** Uniform integer in [0, n). */
  integer(n: number): number;
  /** Standard normal. */
  normal(): number;
  /** In place (Fisher-Yates); returns its argument. */
  shuffle<T>(items: T[]): T[];
}

/** The stream of `seed` and `path`. The same arguments give the same numbers on every machine. */
export function randomStream(seed: number, ...path: readonly (string | number)[]): RandomStream {
  const generator = xoroshiro128plus(hash(`${seed}/${path.join('/')}`));
  const next = () => ((generator.next() >>> 5) * 0x4000000 + (generator.next() >>> 6)) / 0x20000000000000;
  const integer = (n: number) => Math.floor(next() * n);
  return {
    next,
    integer,
    // Box-Muller; 1 − u keeps the logarithm away from zero
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [items[i], items[j]] = [items[j], items[i]];
      }
      return items;
    },
  };
}

/** FNV-1a over UTF-16 code units, with a final mix so that near labels give far seeds. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
