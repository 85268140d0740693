import { expect, test } from 'vitest';
import { lettingGo } from '../../src/text/example.ts';

test('rows are given in their order, and each has left the list by then', () => {
  const rows = ['a', 'b', 'c'];
  const met = Array.from(lettingGo(rows), (row) => ({ row, left: rows.length }));
  expect(met).toEqual([
    { row: 'a', left: 2 },
    { row: 'b', left: 1 },
    { row: 'c', left: 0 },
  ]);
});
