import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { needDataDir } from '../../src/experiment/data-dir.ts';
import { reproduce } from '../../src/experiment/reproduce/reproduce.ts';
import { tinyTraining } from '../support/scratch-tasks.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();

test('reproduce refuses a wrong folder of data in one sentence, before there is a table of failures', async () => {
  const refused = (dataDir: string) =>
    reproduce(
      {
        tasks: ['mrpc', 'rte'],
        methods: ['bert'],
        out: join(folder, 'nothing'),
        limit: null,
        testLimit: null,
        seeds: 1,
        seed: 0,
        maxDrop: 0.2,
        by: 'actual',
        confidence: 0.95,
        distilbertModel: null,
        resume: false,
        training: { ...tinyTraining, dataDir },
      },
      () => {},
    );
  const nowhere = join(folder, 'nowhere');
  await expect(refused(nowhere)).rejects.toThrow(`${nowhere}: no such folder of data; check the path`);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await expect(refused(file)).rejects.toThrow(`${file} is a file, not a folder of data; check the path`);
  await expect(refused(folder)).rejects.toThrow(
    /^--data-dir .* has no folder of a task \(.*rte.*\); give the folder that holds them$/,
  );
  expect(existsSync(join(folder, 'nothing'))).toBe(false);
});

test('a folder that has some of the tasks will do, and the hub needs none', async () => {
  mkdirSync(join(folder, 'some', 'rte'), { recursive: true });
  await needDataDir(join(folder, 'some'), ['mrpc', 'rte']);
  await needDataDir(null, ['mrpc']);
});
