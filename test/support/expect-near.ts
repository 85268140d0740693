import { expect } from 'vitest';

/** The same but for numbers, which differ by roundings. */
export function expectNear(found: unknown, wanted: unknown, tolerance = 1e-4): void {
  const others: unknown[] = [];
  const numbers: number[][] = [[], []];
  for (const [side, whole] of [found, wanted].entries()) {
    others.push(
      JSON.parse(
        JSON.stringify(whole, (_, value) => {
          if (typeof value !== 'number' || Number.isInteger(value)) return value;
          numbers[side].push(value);
          return 'a number';
        }),
      ),
    );
  }
  expect(others[0]).toEqual(others[1]);
  expect(numbers[0].length).toBeGreaterThan(5);
  expect(Math.max(...numbers[0].map((value, i) => Math.abs(value - numbers[1][i])))).toBeLessThan(tolerance);
}
