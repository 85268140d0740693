import { expect, test } from 'vitest';
import { FAMILIES, type FamilyName } from '../../src/encoder/index.ts';
import { familyContract, goldens } from './family.contract.ts';

const names = Object.keys(FAMILIES) as FamilyName[];

test('every family has reference values', () => {
  expect(Object.keys(goldens).sort()).toEqual([...names].sort());
});

for (const name of names) familyContract(name);
