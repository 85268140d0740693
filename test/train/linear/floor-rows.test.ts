/** Token ids of many rows in blocks: what is read of a row is what was written of it, wherever a block ends. */
import { describe, expect, test } from 'vitest';
import { columnsOf } from '../../../src/train/linear/columns.ts';
import { idCount, ROWS_A_BLOCK, rowCount, rowIds } from '../../../src/train/linear/floor-rows.ts';
import { FloorRowsWriter, floorRows } from '../../../src/train/linear/floor-rows-writer.ts';
import { FLOOR_DEFAULTS } from '../../../src/train/linear/floor-settings.ts';
import { matrixOf } from '../../../src/train/linear/matrix.ts';
import { partOf } from '../../../src/train/linear/part-of.ts';
import { drawnTexts, KINDS } from '../../support/floor-data.ts';

const COUNT = 2 * ROWS_A_BLOCK + 3;

describe.each([false, true])('pairs: %s', (pairs) => {
  const few = drawnTexts(50, 2, { pairs });
  const many = Array.from({ length: COUNT }, (_, i) => few[i % few.length]);
  const rows = floorRows(many, pairs);

  test('rows are in blocks of shared memory, the last one of what is left', () => {
    expect(rows.blocks).toHaveLength(3);
    for (const { buffer, length } of rows.blocks) {
      expect(buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(buffer.byteLength).toBe(4 * length); // no room that nothing is in
    }
    expect(rowCount(rows)).toBe(COUNT);
    expect(idCount(rows)).toBe(many.reduce((sum, { ids }) => sum + ids.length, 0));
    expect(many.every(({ ids }, i) => `${ids}` === `${rowIds(rows, i)}`)).toBe(true);
  });

  test('a row has the same features in any block', () => {
    const { bigrams, maxTokens, weighting } = FLOOR_DEFAULTS[pairs ? 'pairs' : 'texts'];
    const columns = columnsOf(rows, { pairs, buckets: 2 ** 12, bigrams, maxTokens, weighting }, KINDS, 1);
    const which = Int32Array.of(0, ROWS_A_BLOCK - 1, ROWS_A_BLOCK, 2 * ROWS_A_BLOCK - 1, COUNT - 1);
    const alone = floorRows(
      Array.from(which, (i) => many[i]),
      pairs,
    );
    expect(matrixOf(rows, columns, which)).toEqual(matrixOf(alone, columns));
    const targets = { labels: new Int32Array(COUNT), scores: null };
    expect(partOf({ rows, targets, labels: 2 }, which).rows).toEqual(alone);
  });
});

test('fewer rows than were said are a broken promise', () => {
  const writer = new FloorRowsWriter(2, false);
  writer.add(drawnTexts(1, 1)[0]);
  expect(() => writer.rows()).toThrow('internal: 1 of 2 rows');
});
