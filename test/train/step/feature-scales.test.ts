import fc from 'fast-check';
import { expect, test } from 'vitest';
import { featureScales, plainLayer, scaledLayer, scaledRows } from '../../../src/train/step/feature-scales.ts';
import { distance } from '../../support/golden.ts';

const GROUP = 3;
const OUT = 2;
const values = (length: number) =>
  fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: length, maxLength: length });
const cases = fc
  .record({ texts: fc.integer({ min: 1, max: 12 }), groups: fc.integer({ min: 1, max: 3 }) })
  .chain(({ texts, groups }) =>
    fc.record({
      width: fc.constant(groups * GROUP),
      features: values(texts * groups * GROUP).map((it) => Float32Array.from(it)),
      weight: values(OUT * groups * GROUP).map((it) => Float32Array.from(it)),
      bias: values(OUT).map((it) => Float32Array.from(it)),
    }),
  );

const apply = ({ weight, bias }: { weight: Float32Array; bias: Float32Array }, x: Float32Array): number[] =>
  Array.from(bias, (b, out) => x.reduce((sum, v, i) => sum + v * weight[out * x.length + i], b));

test('a layer for scaled features says of them what the plain one says of the plain ones, and comes back', () => {
  fc.assert(
    fc.property(cases, ({ width, features, weight, bias }) => {
      const scales = featureScales(features, width, GROUP);
      const scaled = scaledLayer({ weight, bias }, scales);
      for (let text = 0; text < features.length / width; text++) {
        const x = features.subarray(text * width, (text + 1) * width);
        const y = scaledRows(features, scales, [text]);
        expect(distance(apply(scaled, y), apply({ weight, bias }, x))).toBeLessThan(1e-3);
      }
      const back = plainLayer(scaled, scales);
      expect(distance(back.weight, weight)).toBeLessThan(1e-4);
      expect(distance(back.bias, bias)).toBeLessThan(1e-3);
    }),
  );
});

test('scaled features have mean 0 and vary by 1 at most', () => {
  fc.assert(
    fc.property(cases, ({ width, features }) => {
      const texts = features.length / width;
      const scales = featureScales(features, width, GROUP);
      const rows = scaledRows(
        features,
        scales,
        Array.from({ length: texts }, (_, i) => i),
      );
      for (let i = 0; i < width; i++) {
        const column = Array.from({ length: texts }, (_, text) => rows[text * width + i]);
        expect(column.reduce((a, b) => a + b, 0) / texts).toBeCloseTo(0, 2);
        expect(column.reduce((a, b) => a + b * b, 0) / texts).toBeLessThan(1 + 1e-3);
      }
    }),
  );
});

test('what hardly varies is made as large as the rest, but not what is far below the size of its group', () => {
  const [texts, width] = [1000, 4];
  const features = new Float32Array(texts * width);
  // a size of 1; variation by 1, by 0.3, by 0.001, and none
  for (let text = 0; text < texts; text++) {
    const sign = text % 2 ? 1 : -1;
    features.set([sign, 1 + 0.3 * sign, 1 + 0.001 * sign, 1], text * width);
  }
  const rows = scaledRows(features, featureScales(features, width, width), [1]);
  expect(rows[0]).toBeCloseTo(1, 2);
  expect(rows[1]).toBeCloseTo(1, 1);
  expect(rows[2]).toBeGreaterThan(0.02);
  expect(rows[2]).toBeLessThan(0.05);
  expect(rows[3]).toBe(0);
});

test('features at the end of float32, and none at all, cost a layer none of its weights', () => {
  const weight = Float32Array.of(0.03, -4, 2);
  for (const size of [1.4e-45, 1e-40, 0]) {
    const scales = featureScales(Float32Array.of(size, -size, 0, 0, size, 2 * size), 3, 3);
    const plain = { weight, bias: Float32Array.of(0.5) };
    expect(plainLayer(scaledLayer(plain, scales), scales)).toEqual(plain);
  }
});
