// Texts whose early answers lose a known share: what validity is measured on.
import type { Trace, TraceEntry } from '../../src/evaluate/trace.ts';
import type { RandomStream } from '../../src/random.ts';

/** Chances that a row loses or gains. */
export interface Chances {
  readonly lost: number;
  readonly gained: number;
}

/** n net drops in {−1, 0, 1}. */
export const drawDrops = (random: RandomStream, n: number, { lost, gained }: Chances): Int8Array =>
  Int8Array.from({ length: n }, () => {
    const u = random.next();
    return u < lost ? 1 : u < lost + gained ? -1 : 0;
  });

const shape = { layers: 2, hiddenSize: 8, heads: 2, intermediateSize: 16, labels: 2 };
/** Logits [0, x] whose uncertainty is small, medium or large. */
const SURE = { early: 8, middle: 3, late: 0.6 };

/**
 * A trace of n texts of two layers and two labels. Of every three texts one leaves at a small tau and loses nothing, one at a
 * middle one and one at a large one; these two lose and gain with the chances given.
 */
export function syntheticTrace(random: RandomStream, n: number, middle: Chances, late: Chances): Trace {
  const entries = Array.from({ length: n }, (): TraceEntry => {
    const kind = (['early', 'middle', 'late'] as const)[random.integer(3)];
    const { lost, gained } = kind === 'early' ? { lost: 0, gained: 0 } : kind === 'middle' ? middle : late;
    const label = random.integer(2);
    const u = random.next();
    const isEarlyRight = u >= lost;
    const isFullRight = !(u >= lost && u < lost + gained);
    const row = (answer: number, margin: number) => (answer === 1 ? [0, margin] : [margin, 0]);
    const early = isEarlyRight ? label : 1 - label;
    return {
      label,
      length: 3 + random.integer(90),
      tokens: [100, 100, 100],
      logits: [row(early, SURE[kind]), row(isFullRight ? label : 1 - label, 5)],
    };
  });
  return { shape, labels: ['no', 'yes'], headKind: 'cls', pairs: false, entries };
}
