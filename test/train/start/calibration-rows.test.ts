/** The rows that certify tau: which they are, and that nothing else is made with them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Dataset } from '../../../src/text/index.ts';
import { ROWS_TO_CERTIFY } from '../../../src/train/options/dial-options.ts';
import { type GivenTrainOptions, resolveTrainOptions } from '../../../src/train/options/resolve.ts';
import { keepApart } from '../../../src/train/start/calibration-rows.ts';
import { labelCounts } from '../../../src/train/start/label-counts.ts';
import { readRows } from '../../../src/train/start/rows.ts';
import { validationRows } from '../../../src/train/start/validation-rows.ts';
import { unlabelledOf } from '../../../src/train/with-floor/unlabelled-texts.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const dataset = (count: number, labels = ['ham', 'spam']): Dataset => ({
  ...{ name: 'rows', labels, pairs: false },
  // one row in four is spam
  examples: Array.from({ length: count }, (_, i) => ({ text: `text ${i}`, label: i % 4 === 3 ? 1 : 0 })),
});
const file = (name: string, { examples, labels }: Pick<Dataset, 'examples' | 'labels'>): string => {
  const path = join(root, name);
  writeFileSync(path, ['text,label', ...examples.map(({ text, label }) => `${text},${labels[label]}`), ''].join('\n'));
  return path;
};
const many = file('many.csv', dataset(400));

const read = async (given: GivenTrainOptions) => {
  const notes: string[] = [];
  const rows = await readRows(resolveTrainOptions({ train: many, out: join(root, 'out'), ...given }), (event) => {
    if (event.kind === 'note') notes.push(event.text);
  });
  return { ...rows, notes };
};
const texts = (rows: Pick<Dataset, 'examples'> | null | undefined) => rows?.examples.map(({ text }) => text) ?? [];
const options = { method: 'mp', calibration: null, calibrationShare: null, seed: 0 } as const;

test('a share of the training rows is kept apart by label, and learned from and chosen on by nothing', async () => {
  const { train, validation, calibration, notes } = await read({ calibrationShare: 0.1 });
  expect(labelCounts(calibration!)).toEqual([
    { label: 'ham', rows: 30 },
    { label: 'spam', rows: 10 },
  ]);
  expect([train, validation].map(({ examples }) => examples.length)).toEqual([324, 36]);
  const all = [...texts(train), ...texts(validation), ...texts(calibration)];
  expect(new Set(all).size).toBe(400);
  expect(notes).toEqual(['40 training rows are kept apart to certify tau, and nothing is learned from them']);
});

test('without rows to certify with, training and validation rows are the same as with a file of such rows', async () => {
  const own = file('own.csv', { ...dataset(0), examples: [{ text: 'new', label: 1 }] });
  const [without, withFile] = [await read({ seed: 3 }), await read({ seed: 3, calibration: own })];
  expect(without.calibration ?? null).toBeNull();
  expect(texts(withFile.calibration)).toEqual(['new']);
  for (const name of ['train', 'validation'] as const) expect(texts(withFile[name])).toEqual(texts(without[name]));
});

test('with a limit they are of the rows beyond it, and what is trained on stays the same', async () => {
  const given = { limit: 100, seed: 2 };
  const [without, withShare] = [await read(given), await read({ ...given, calibrationShare: 0.4 })];
  expect(texts(withShare.train)).toEqual(texts(without.train));
  expect(texts(withShare.calibration)).toHaveLength(40);
  expect(withShare.notes[0]).toMatch(/^40 rows beyond the limit are kept apart/);
  const used = new Set([...texts(withShare.train), ...texts(withShare.validation), ...texts(withShare.calibration)]);
  expect(used.size).toBe(140);
  // nor are they texts without labels for floor 0
  expect(withShare.beyond).toHaveLength(260);
  const rest = resolveTrainOptions({ ...given, train: many, out: 'x', unlabelledRest: 1000 });
  const unlabelled = await unlabelledOf(rest, withShare, () => {});
  expect(unlabelled.filter(({ text }) => used.has(text))).toEqual([]);
  const traffic = join(root, 'traffic.txt');
  writeFileSync(traffic, `${texts(withShare.calibration).join('\n')}\nnew\n`);
  const withTraffic = resolveTrainOptions({ ...given, train: many, out: 'x', unlabelled: [traffic] });
  expect(await unlabelledOf(withTraffic, withShare, () => {})).toEqual([{ text: 'new' }]);
  // too few beyond the limit: of the training rows
  const { train, calibration } = await read({ limit: 390, calibrationShare: 0.1 });
  expect(texts(calibration)).toHaveLength(39);
  expect(texts(train)).toHaveLength(316);
});

test('where nobody says, as many as certify a point are kept apart once they are a twentieth, by methods with a dial', () => {
  const enough = dataset(20 * ROWS_TO_CERTIFY);
  const apart = (rows: Dataset, method: 'mp' | 'bert') =>
    keepApart(rows, [], { ...options, method }).calibration?.examples.length ?? 0;
  expect(apart(enough, 'mp')).toBe(ROWS_TO_CERTIFY);
  expect(apart(enough, 'bert')).toBe(0);
  expect(apart({ ...enough, examples: enough.examples.slice(1) }, 'mp')).toBe(0);
  // rows beyond a limit count, and are taken first
  const [train, beyond] = [enough.examples.slice(0, 500), enough.examples.slice(500)];
  const limited = keepApart({ ...enough, examples: train }, beyond, options);
  expect(limited.train.examples).toEqual(train);
  expect(limited.calibration?.examples).toHaveLength(ROWS_TO_CERTIFY);
  expect(keepApart(enough, [], { ...options, calibrationShare: 0 })).toMatchObject({
    train: enough,
    calibration: null,
  });
});

test("a label's only row is never kept apart", () => {
  const rows = {
    ...dataset(40, ['ham', 'spam', 'rare']),
    examples: [...dataset(40).examples, { text: 'one', label: 2 }],
  };
  for (const seed of [0, 1, 2, 3]) {
    const { train } = keepApart(rows, [], { ...options, calibrationShare: 0.5, seed });
    expect(texts(train)).toContain('one');
  }
});

test('texts that are also training or validation rows are left out of those kept apart, with their number', async () => {
  const { examples, labels } = dataset(40);
  const twice = file('twice.csv', { labels, examples: [...examples, ...examples] });
  const { train, validation, calibration, notes } = await read({ train: twice, calibrationShare: 0.5 });
  const learned = new Set([...texts(train), ...texts(validation)]);
  expect(texts(calibration).length).toBeGreaterThan(0);
  expect(texts(calibration).filter((text) => learned.has(text))).toEqual([]);
  const kept = texts(calibration).length;
  expect(notes[0]).toBe(
    `${kept} training rows are kept apart to certify tau, and nothing is learned from them; ${40 - kept} more are left out, since their texts are also training or validation rows`,
  );
});

test('a file of rows that train or choose is refused, with how many and why', async () => {
  const reused = file('reused.csv', {
    ...dataset(0),
    examples: [...dataset(3).examples.map((row) => ({ ...row, text: ` ${row.text} ` })), { text: 'new', label: 0 }],
  });
  await expect(read({ calibration: reused })).rejects.toThrow(
    `${reused}: 3 of 4 rows are also training or validation rows, and a model cannot be certified on what it was made with; remove them from the file`,
  );
  // a text of another pair is another text
  const pairs = join(root, 'pairs.csv');
  writeFileSync(pairs, `text,pair,label\n${Array.from({ length: 40 }, (_, i) => `a,b ${i},${i % 2}`).join('\n')}\n`);
  const other = join(root, 'other.csv');
  writeFileSync(other, 'text,pair,label\na,c,1\n');
  expect(texts((await read({ train: pairs, calibration: other })).calibration)).toEqual(['a']);
  writeFileSync(other, 'text,pair,label\na,b 7,1\n');
  await expect(read({ train: pairs, calibration: other })).rejects.toThrow('1 of 1 rows is also a training');
});

test('a share without a row, two kinds of rows, and rows for a model without a dial are refused', async () => {
  await expect(read({ calibrationShare: 0.001 })).rejects.toThrow(
    'a share of 0.001 of 400 training rows is no row to certify tau with; raise --calibration-share, or leave it out',
  );
  const given = (more: GivenTrainOptions) => () => resolveTrainOptions({ train: many, out: 'x', ...more });
  expect(given({ calibration: many, calibrationShare: 0.1 })).toThrow(
    'both calibration and calibrationShare were given',
  );
  expect(given({ calibration: many, method: 'ltp' })).toThrow('a model of method ltp has no tau to certify');
  expect(given({ calibration: many, calibrationShare: 0 })).not.toThrow();
});

test('the validation rows of a model are found again, whatever was kept apart, and without the file that certified it', async () => {
  const again = async (stored: object) => {
    const dir = join(root, 'model');
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'training.json'), JSON.stringify({ options: { train: many, out: dir, ...stored } }));
    return texts(await validationRows(dir));
  };
  expect(await again({ calibrationShare: 0.1 })).toEqual(texts((await read({ calibrationShare: 0.1 })).validation));
  const plain = texts((await read({})).validation);
  expect(await again({ calibration: join(root, 'gone.csv'), calibrationShare: null })).toEqual(plain);
  // a model from before rows were kept apart, of so many rows that some would be now
  const large = file('large.csv', dataset(20 * ROWS_TO_CERTIFY));
  const own = texts((await read({ train: large, calibrationShare: 0 })).validation);
  expect(await again({ train: large })).toEqual(own);
  expect(await again({ train: large, calibrationShare: null })).not.toEqual(own);
});
