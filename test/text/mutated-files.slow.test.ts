import { expect, test } from 'vitest';
import { readMutated } from '../support/mutated-files.ts';

test('30,000 files with bytes changed at random are each read or refused with a code within two seconds', async () => {
  const { counts, faults, slowestMs } = await readMutated(2, 30_000, 2000);
  console.log(JSON.stringify(counts), `slowest ${Math.round(slowestMs)} ms`);
  expect(faults).toEqual([]);
}, 1_800_000);
