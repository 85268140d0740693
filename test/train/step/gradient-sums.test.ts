import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/random.ts';
import { float32, floats, type Tensor } from '../../../src/runtime/runtime.ts';
import { GradientSums } from '../../../src/train/step/gradient-sums.ts';
import type { StepPart } from '../../../src/train/step/step.ts';

const random = randomStream(3, 'gradients');
const WIDTH = 4;
const numbers = (length: number) => Float32Array.from({ length }, () => random.normal());

/** A batch of so many rows of embeddings and texts, with what the graph gives of it. */
function batch(rows: number, texts: number) {
  const whole = (most: number) => Array.from({ length: rows }, () => random.integer(most));
  const part = {
    batch: { ids: Int32Array.from(whole(90)), positions: Int32Array.from(whole(9)), kinds: Uint8Array.from(whole(2)) },
    targets: {
      weights: float32(
        Float32Array.from({ length: texts }, () => 0.5 + random.integer(3)),
        texts,
      ),
    },
  } as unknown as StepPart;
  return { part, loss: random.normal(), a: numbers(6), b: numbers(3), words: numbers(rows * WIDTH) };
}
type Given = ReturnType<typeof batch>;

function summed(sums: GradientSums, gradients: Record<string, Tensor>, given: readonly Given[]) {
  sums.begin(given.map(({ part }) => part));
  for (const [i, { loss, a, b, words }] of given.entries()) {
    floats(gradients.a).set(a);
    floats(gradients.b).set(b);
    sums.add(i, loss, words);
  }
  const rows = sums.finish();
  return { rows, loss: sums.loss, words: sums.words, a: floats(gradients.a).slice(), b: floats(gradients.b).slice() };
}

/** Straight from the definition, in the precision of the sums. */
function expected(given: readonly Given[]) {
  const weights = given.map(({ part }) => floats(part.targets.weights).reduce((sum, one) => sum + one, 0));
  const all = weights.reduce((sum, one) => sum + one, 0);
  const mean = (of: (one: Given) => Float32Array) =>
    of(given[0]).map((_, k) => given.reduce((sum, one, i) => Math.fround(sum + (weights[i] / all) * of(one)[k]), 0));
  return {
    a: mean(({ a }) => a),
    b: mean(({ b }) => b),
    loss: given.reduce((sum, { loss }, i) => sum + (weights[i] / all) * loss, 0),
    words: Float32Array.from(given.flatMap(({ words }, i) => [...words].map((value) => (weights[i] / all) * value))),
    ids: given.flatMap(({ part }) => [...part.batch.ids]),
    positions: given.flatMap(({ part }) => [...part.batch.positions]),
    kinds: given.flatMap(({ part }) => [...part.batch.kinds]),
  };
}

describe('sums of gradients', () => {
  it('are the same, bit by bit, in memory that other steps have used', () => {
    const gradients = { a: float32(new Float32Array(6), 2, 3), b: float32(new Float32Array(3), 3) };
    const sums = new GradientSums(gradients);
    // larger and smaller ones, and more and fewer of them
    const steps = [
      [7, 5],
      [30, 2, 11],
      [1, 1],
      [40, 40],
      [6, 3],
    ].map((sizes) => sizes.map((rows) => batch(rows, 1 + (rows % 4))));
    for (const given of steps) {
      const { rows, ...found } = summed(sums, gradients, given);
      const { ids, positions, kinds, ...wanted } = expected(given);
      expect(found).toEqual(wanted);
      expect([[...rows.ids], [...rows.positions], [...rows.kinds]]).toEqual([ids, positions, kinds]);
    }
  });

  it('take no new memory for a step that is no larger than one before', () => {
    const gradients = { a: float32(new Float32Array(6), 2, 3), b: float32(new Float32Array(3), 3) };
    const sums = new GradientSums(gradients);
    const memory = () => summed(sums, gradients, [batch(20, 3), batch(10, 2)]).words.buffer;
    const first = memory();
    expect(memory()).toBe(first);
    expect(summed(sums, gradients, [batch(5, 1), batch(4, 2)]).words.buffer).toBe(first);
  });
});
