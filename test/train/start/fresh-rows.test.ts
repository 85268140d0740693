import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { makeFolder } from '../../../src/make-folder.ts';
import type { Dataset } from '../../../src/text/example.ts';
import { resolvedConfig, resolveTrainOptions } from '../../../src/train/options/resolve.ts';
import { freshRows } from '../../../src/train/start/fresh-rows.ts';
import { fingerprint, readRows } from '../../../src/train/start/rows.ts';
import { validationRows } from '../../../src/train/start/validation-rows.ts';
import { scratchDataset, tinyOptions, writeRows } from '../../support/scratch-data.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const dir = join(root, 'model');
const trained = scratchDataset({ rows: 300 });
const fresh = scratchDataset({ rows: 200, seed: 9 });
const unlabelled = join(root, 'traffic.txt');
let file: string;

beforeAll(async () => {
  file = writeRows(root, 'rows.csv', trained);
  writeFileSync(
    unlabelled,
    fresh.examples
      .slice(190)
      .map(({ text }) => text)
      .join('\n'),
  );
  const options = resolveTrainOptions(tinyOptions({ train: file, method: 'mp', out: dir, unlabelled: [unlabelled] }));
  const { train } = await readRows(options);
  await makeFolder(dir);
  const record = { options: resolvedConfig(options), data: { train: { fingerprint: fingerprint(train) } } };
  writeFileSync(join(dir, 'training.json'), JSON.stringify(record));
});

async function check(rows: Dataset) {
  const notes: string[] = [];
  const kept = await freshRows(dir, rows, (event) => event.kind === 'note' && notes.push(event.text));
  return { kept: kept.examples, notes };
}
const of = (...examples: Dataset['examples'][number][]): Dataset => ({ ...fresh, name: 'fresh.csv', examples });

test('rows that a model has never seen are kept as they are; a few that it has are left out, with a note', async () => {
  const some = fresh.examples.slice(0, 100);
  expect(await check(of(...some))).toEqual({ kept: some, notes: [] });
  // one trained, or was held back to choose; one taught floor 0 without its label, with space around it
  const spaced = { ...fresh.examples[195], text: ` ${fresh.examples[195].text}\n` };
  const { kept, notes } = await check(of(trained.examples[4], ...some, spaced));
  expect(kept).toEqual(some);
  expect(notes).toEqual([`fresh.csv: 2 rows were left out, since ${dir} was trained or chosen on such texts`]);
});

test('texts of a later refit are compared too, or a note says that they were not', async () => {
  const path = join(dir, 'training.json');
  const before = readFileSync(path, 'utf8');
  const refitted = (refit: object) => writeFileSync(path, JSON.stringify({ ...JSON.parse(before), refit }));
  const some = fresh.examples.slice(0, 100);
  const later = writeRows(root, 'later.csv', of(some[3], some[7]));
  const columns = { text: null, pair: null, delimiter: null };
  refitted({ files: { unlabelled: [unlabelled], train: later, validation: null, ...columns } });
  const { kept, notes } = await check(of(...some));
  expect(kept).toEqual(some.filter((_, i) => i !== 3 && i !== 7));
  expect(notes).toEqual([expect.stringContaining('2 rows were left out')]);
  refitted({});
  expect((await check(of(...some))).notes).toEqual([
    `texts that ${dir} was refitted with were not compared with these rows: training.json does not name their files`,
  ]);
  refitted({ files: { unlabelled: [join(root, 'none.txt')], train: null, validation: null, ...columns } });
  expect((await check(of(...some))).notes).toEqual([expect.stringMatching(/were not compared .*none\.txt/)]);
  writeFileSync(path, before);
});

test('a delimiter that only the calibration file had a use for does not keep the rows from being read', async () => {
  const other = join(root, 'delimited');
  await makeFolder(other);
  const json = join(root, 'rows.jsonl');
  writeFileSync(
    json,
    trained.examples.map(({ text, label }) => JSON.stringify({ text, label: trained.labels[label] })).join('\n'),
  );
  const options = resolveTrainOptions(
    tinyOptions({ train: json, method: 'mp', out: other, calibration: 'fresh.csv', delimiter: ';' }),
  );
  writeFileSync(join(other, 'training.json'), JSON.stringify({ options: resolvedConfig(options) }));
  expect((await validationRows(other)).examples.length).toBe(30);
});

test('the rows of training are refused', async () => {
  await expect(check(of(...fresh.examples.slice(0, 100), ...trained.examples.slice(0, 10)))).rejects.toMatchObject({
    code: 'MP_USAGE',
    message: expect.stringMatching(
      /^10 of the 110 rows of fresh\.csv are rows that .* was trained or chosen on, .*; give rows that trained and chose nothing$/,
    ),
  });
});

test('what could not be compared is said', async () => {
  const rows = of(...fresh.examples.slice(0, 50));
  renameSync(file, `${file}.gone`);
  expect((await check(rows)).notes).toEqual([
    expect.stringMatching(/was not checked: .*rows\.csv, which .* was trained on, is not here/),
  ]);
  cpSync(unlabelled, join(root, 'kept.txt'));
  writeRows(root, 'rows.csv', scratchDataset({ rows: 250, seed: 12 }));
  renameSync(unlabelled, `${unlabelled}.gone`);
  const { kept, notes } = await check(rows);
  expect(kept).toEqual(rows.examples);
  expect(notes).toEqual([
    expect.stringMatching(/^texts without labels that .* were not compared with these rows/),
    expect.stringMatching(/^the rows that .* was trained on have changed since/),
  ]);
});
