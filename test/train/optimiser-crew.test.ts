import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/random.ts';
import { floats } from '../../src/runtime/runtime.ts';
import { Optimiser } from '../../src/train/optimiser.ts';
import { OptimiserCrew } from '../../src/train/optimiser-crew.ts';

const LARGE = 1 << 16;
const names = ['a.weight', 'a.bias', 'b.weight', 'c.weight', 'x.LayerNorm.weight'];
const rates = { weights: 0.01, heads: 0.01, thresholds: 0.01 };

function make() {
  const random = randomStream(7, 'crew');
  const tensors = new Map(
    names.map((name) => {
      const length = name.endsWith('weight') && !name.startsWith('x') ? LARGE : 16;
      return [name, { shape: [length], data: Float32Array.from({ length }, () => random.normal()) }];
    }),
  );
  const optimiser = new Optimiser(tensors, { weightDecay: 0.1, clip: 1 }, (name, tensor) => {
    tensors.set(name, tensor as { shape: number[]; data: Float32Array<ArrayBuffer> });
  });
  return { tensors, optimiser };
}

const fill = (optimiser: Optimiser, step: number, scale = 1) => {
  for (const [output, tensor] of Object.entries(optimiser.gradientOutputs())) {
    const random = randomStream(step, output);
    const data = floats(tensor);
    for (let i = 0; i < data.length; i++) data[i] = scale * random.normal();
  }
};

describe('OptimiserCrew', () => {
  it.each([1, 2, 3])('with %i threads leaves what one optimiser leaves', async (threads) => {
    const alone = make();
    const shared = make();
    const crew = new OptimiserCrew(shared.optimiser, threads, 0);
    const before = new Map([...shared.tensors].map(([name, { data }]) => [name, data.buffer]));
    for (let step = 1; step <= 3; step++) {
      fill(alone.optimiser, step);
      const norm = alone.optimiser.norm(9);
      alone.optimiser.apply(alone.optimiser.clipFactor(norm), rates, step);
      fill(shared.optimiser, step);
      let told = Number.NaN;
      const result = await crew.update(9, 0.5, rates, step, (clip) => {
        told = clip;
      });
      expect(result.norm).toBeCloseTo(norm, 8);
      expect(told).toBe(result.clip);
    }
    for (const name of names) {
      const { data } = shared.tensors.get(name)!;
      const expected = alone.tensors.get(name)!.data;
      expect(data.length).toBe(expected.length);
      for (let i = 0; i < data.length; i++) expect(Math.abs(data[i] - expected[i])).toBeLessThan(1e-7);
      expect(shared.optimiser.moments.get(name)!.m.length).toBe(expected.length);
    }
    // the work was shared: large tensors have been in other hands, small ones have not
    const moved = names.filter((name) => shared.tensors.get(name)!.data.buffer !== before.get(name));
    expect(moved.length).toBe(threads === 1 ? 0 : threads === 2 ? 1 : 2);
    await crew.close();
  });

  it.each([
    ['the loss', Number.NaN, 1],
    ['a gradient', 0.5, Number.POSITIVE_INFINITY],
  ])('changes nothing when %s is not finite', async (_what, loss, scale) => {
    const { tensors, optimiser } = make();
    const crew = new OptimiserCrew(optimiser, 2, 0);
    const before = new Map([...tensors].map(([name, { data }]) => [name, data.slice()]));
    fill(optimiser, 1, scale);
    const { clip } = await crew.update(0, loss, rates, 1, () => expect.unreachable());
    expect(clip).toBeNull();
    for (const name of names) {
      expect(tensors.get(name)!.data).toEqual(before.get(name));
      expect(optimiser.moments.get(name)!.m.every((value) => value === 0)).toBe(true);
    }
    await crew.close();
  });

  it('says so when a helper ends', async () => {
    const { optimiser } = make();
    const crew = new OptimiserCrew(optimiser, 2, 0);
    const update = crew.update(0, 0.5, rates, 1, () => {});
    await crew.close();
    await expect(update).rejects.toThrow('a helper of the optimiser ended');
  });
});
