import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readHubTask, TASKS, type TaskName } from '../../src/text/tasks.ts';
import { scratchDataset } from '../support/scratch-data.ts';
import { taskParquet } from '../support/task-parquet.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
let files = 0;
const fileOf = (bytes: Uint8Array) => {
  const path = join(folder, `${files++}.parquet`);
  writeFileSync(path, bytes);
  return path;
};
const names = Object.keys(TASKS) as TaskName[];

describe('a task from the hub’s files', () => {
  test.each(names.flatMap((name) => [true, false].map((named) => [name, named] as const)))(
    '%s has its labels, texts and pairs (classes named in the file: %s)',
    async (name, named) => {
      const { hub, labels } = TASKS[name];
      const rows = scratchDataset({ rows: 30, labels: Math.min(3, labels.length), pairs: hub.pair !== null });
      const halves = [rows.examples.slice(0, 20), rows.examples.slice(20)];
      const paths = halves.map((examples) => fileOf(taskParquet(hub, { ...rows, examples }, named)));
      expect(await readHubTask(name, paths)).toEqual({
        name,
        labels,
        pairs: hub.pair !== null,
        examples: rows.examples,
      });
    },
  );

  test('reads the numbers of Yelp’s classes as numbers and their names as names', async () => {
    const { hub } = TASKS.yelp_polarity;
    const examples = [
      { text: 'so bad\\nso so', label: 0 },
      { text: 'good', label: 1 },
    ];
    for (const named of [true, false]) {
      const { examples: read } = await readHubTask('yelp_polarity', [
        fileOf(taskParquet(hub, { name: '', labels: [], pairs: false, examples }, named)),
      ]);
      expect(read).toEqual([
        { text: 'so bad so so', label: 0 },
        { text: 'good', label: 1 },
      ]);
    }
  });

  test.each([true, false])('refuses the hidden labels of GLUE’s test rows (classes named: %s)', async (named) => {
    const rows = scratchDataset({ rows: 4, pairs: true });
    const examples = rows.examples.map((example) => ({ ...example, label: -1 }));
    const path = fileOf(taskParquet(TASKS.rte.hub, { ...rows, examples }, named));
    await expect(readHubTask('rte', [path])).rejects.toMatchObject({
      code: 'MP_DATA_ROW',
      details: { path, line: 1, more: 3 },
    });
  });

  test('refuses a file with other columns, and one without rows', async () => {
    const rows = scratchDataset({ rows: 4, pairs: true });
    const path = fileOf(taskParquet(TASKS.rte.hub, rows, true));
    await expect(readHubTask('qqp', [path])).rejects.toThrow(
      `${path}: no column "question1"; the columns are sentence1`,
    );
    const empty = fileOf(taskParquet(TASKS.rte.hub, { ...rows, examples: [] }, true));
    await expect(readHubTask('rte', [empty])).rejects.toMatchObject({ code: 'MP_DATA_EMPTY' });
  });
});
