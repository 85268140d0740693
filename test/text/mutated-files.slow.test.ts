import { expect, test } from 'vitest';
import { readMutated } from '../support/mutated-files.ts';

/** More of them: MUTANTS=30000. */
const COUNT = Number(process.env.MUTANTS ?? 3000);

test('thousands of files with bytes changed at random are each read or refused with a code within two seconds', async () => {
  const { counts, faults, slowestMs } = await readMutated(2, COUNT, 2000);
  console.log(JSON.stringify(counts), `slowest ${Math.round(slowestMs)} ms`);
  expect(faults).toEqual([]);
}, 1_800_000);
