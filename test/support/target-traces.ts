// Small traces of models that give a text any number of labels, or a number: answers get better with depth, and some leave early.
import type { Trace, TraceEntry } from '../../src/evaluate/trace.ts';
import { randomStream } from '../../src/random.ts';

const shape = { layers: 3, hiddenSize: 32, heads: 2, intermediateSize: 64, labels: 2 };
const common = { headKind: 'cls', pairs: false } as const;

function entries(
  texts: number,
  make: (random: ReturnType<typeof randomStream>) => Pick<TraceEntry, 'target' | 'logits'>,
) {
  const random = randomStream(7, 'targets');
  return Array.from({ length: texts }, (): TraceEntry => {
    const length = 5 + random.integer(90);
    return { label: -1, length, tokens: [length, length, length, length], ...make(random) };
  });
}

/** Labels sport and tech, both from 0.5; a text may have none. */
export const multiLabelTrace = (): Trace => ({
  ...common,
  shape,
  labels: ['sport', 'tech'],
  answers: { problemType: 'multi_label_classification', thresholds: [0.5, 0.5] },
  entries: entries(80, (random) => {
    const target = [random.integer(2), random.integer(2)];
    const logits = [1, 2, 3].map((depth) => target.map((one) => (one ? depth : -depth) + 1.5 * random.normal()));
    return { target, logits };
  }),
});

/** Numbers from about −3 to 3. */
export const regressionTrace = (): Trace => ({
  ...common,
  shape: { ...shape, labels: 1 },
  labels: ['stars'],
  answers: { problemType: 'regression', spread: 1 },
  entries: entries(80, (random) => {
    const number = random.normal();
    return { target: [number], logits: [1, 2, 3].map((depth) => [number + random.normal() / depth]) };
  }),
});
