import { describe, expect, it } from 'vitest';
import { THRESHOLDS } from '../../../src/pyramid/network.ts';
import { floats } from '../../../src/runtime/runtime.ts';
import { Optimiser } from '../../../src/train/step/optimiser.ts';

const make = (names: readonly string[], clip = 1, weightDecay = 0.1) => {
  const tensors = new Map(names.map((name) => [name, { shape: [2, 2], data: new Float32Array(4).fill(1) }]));
  const optimiser = new Optimiser(tensors, { weightDecay, clip });
  const gradients = optimiser.gradientOutputs();
  const give = (name: string, ...values: number[]) => floats(gradients[`gradient:${name}`]).set(values);
  return { tensors, optimiser, gradients, give };
};
const rates = { weights: 0.1, heads: 0.2, thresholds: 0.5 };

describe('Optimiser', () => {
  it('measures the norm of all gradients, including those it is given from outside', () => {
    const { optimiser, give, gradients } = make(['a.weight', 'b.weight']);
    expect(gradients['gradient:a.weight'].dims).toEqual([2, 2]);
    give('a.weight', 1, 2, 0, 0);
    give('b.weight', 0, 0, 2, 4);
    expect(optimiser.norm()).toBe(5);
    expect(optimiser.norm(144)).toBe(13);
    expect(optimiser.clipFactor(optimiser.norm())).toBeCloseTo(1 / 5, 6);
  });

  it("leaves the thresholds' gradient out of the norm and out of the clipping", () => {
    const { optimiser, give, tensors } = make(['a.weight', THRESHOLDS]);
    give('a.weight', 3, 4, 0, 0);
    give(THRESHOLDS, 1e6, 0, 0, 0);
    expect(optimiser.norm()).toBe(5);
    optimiser.apply(0, rates, 1);
    // clipped to nothing: a weight only decays; the threshold takes its step at its own rate, and never decays
    expect(tensors.get('a.weight')!.data[0]).toBeCloseTo(0.99, 6);
    expect(tensors.get(THRESHOLDS)!.data[0]).toBeCloseTo(0.5, 6);
    expect(tensors.get(THRESHOLDS)!.data[1]).toBe(1);
  });

  it('moves exit heads at their own rate', () => {
    const { optimiser, give, tensors } = make(['a.weight', 'pyramid.heads.1.out.weight'], 1, 0);
    for (const name of tensors.keys()) give(name, 1, 1, 1, 1);
    optimiser.apply(1, rates, 1);
    expect(tensors.get('a.weight')!.data[0]).toBeCloseTo(0.9, 5);
    expect(tensors.get('pyramid.heads.1.out.weight')!.data[0]).toBeCloseTo(0.8, 5);
  });

  it('decays weights, not biases nor normalisation', () => {
    const { optimiser, tensors } = make(['a.weight', 'a.bias', 'x.LayerNorm.weight']);
    optimiser.apply(1, rates, 1);
    expect(tensors.get('a.weight')!.data[0]).toBeCloseTo(0.99, 6);
    expect(tensors.get('a.bias')!.data[0]).toBe(1);
    expect(tensors.get('x.LayerNorm.weight')!.data[0]).toBe(1);
  });

  it('says so when a gradient is not a number', () => {
    const { optimiser, give } = make(['a.weight']);
    give('a.weight', Number.NaN, 0, 0, 0);
    expect(optimiser.norm()).toBeNaN();
    give('a.weight', Number.POSITIVE_INFINITY, 0, 0, 0);
    expect(optimiser.norm()).toBe(Number.POSITIVE_INFINITY);
  });
});
