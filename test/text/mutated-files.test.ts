import { expect, test } from 'vitest';
import { readMutated } from '../support/mutated-files.ts';

// a bound on the time is for the slow test: here other tests share the cores
test('440 files with bytes changed at random are read, or refused with a code, and none ends the process', async () => {
  const { counts, faults } = await readMutated(1, 440, 30_000);
  expect(faults).toEqual([]);
  // the changes do reach what they are meant for
  expect(counts.rows).toBeGreaterThan(40);
  expect(counts.MP_DATA_FILE).toBeGreaterThan(40);
  expect(counts.MP_DATA_ROW).toBeGreaterThan(10);
});
