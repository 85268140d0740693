// The rows of a run: what is said of them, and which labels are left to learn from.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { resolveTrainOptions } from '../../../src/train/options/resolve.ts';
import { textNotes } from '../../../src/train/start/encoded-rows.ts';
import { readRows } from '../../../src/train/start/rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'rows-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'rare.csv');
const rare = Array.from({ length: 30 }, (_, i) => `one of a kind;rare${i}`);
const common = Array.from({ length: 200 }, (_, i) => `text ${i};${i % 2 ? 'ham' : 'spam'}`);
writeFileSync(path, ['text;label', ...common, ...rare].join('\n'));

const read = async (given: object) => {
  const notes: string[] = [];
  const options = resolveTrainOptions({ train: path, out: join(folder, 'out'), ...given });
  const rows = await readRows(options, (event) => {
    if (event.kind === 'note') notes.push(event.text.replace(`${folder}/`, ''));
  });
  return { notes, trained: new Set(rows.train.examples.map(({ label }) => label)), labels: rows.train.labels };
};

describe('labels with a single row', () => {
  test('are all trained on, for every seed', async () => {
    for (const seed of [0, 1, 2]) {
      const { notes, trained, labels } = await read({ seed });
      expect(labels).toHaveLength(32);
      expect(trained.size).toBe(32);
      expect(notes.filter((note) => note.includes('no training rows'))).toEqual([]);
    }
    expect((await read({ limit: 60 })).trained.size).toBe(32);
  });

  test('are named where --limit leaves no row of them', async () => {
    const { notes, trained, labels } = await read({ limit: 20 });
    const lost = labels.filter((_, label) => !trained.has(label));
    expect(lost.length).toBeGreaterThan(11);
    const note = notes.find((one) => one.startsWith('rare.csv: no training rows have the label '));
    expect(note).toContain(
      `${lost
        .filter((label) => note!.includes(label))
        .slice(0, 10)
        .join(', ')} and `,
    );
    expect(note).toMatch(/ and \d+ more$/);
  });
});

test('guesses about the training file are reported', async () => {
  expect((await read({})).notes).toEqual(['rare.csv: separated by semicolons']);
});

test('a delimiter is taken where a file of rows has use for it, and refused where none has', () => {
  const given = (files: object) => () => resolveTrainOptions({ out: 'x', delimiter: ';', ...files });
  for (const files of [{ train: 'a.CSV.gz' }, { train: 'a.jsonl', test: 'b.tsv' }]) expect(given(files)).not.toThrow();
  for (const files of [{ train: 'a.jsonl' }, { train: 'a.parquet', test: 'b.json' }, { task: 'mrpc' }])
    expect(given(files)).toThrow('delimiter was given, and no file of rows is csv or tsv; leave it out');
});

test('empty texts are counted before they are trained on', () => {
  const set = (texts: readonly string[]) => ({
    name: 'a',
    labels: ['x', 'y'],
    pairs: false,
    examples: texts.map((text, i) => ({ text, label: i % 2 })),
  });
  const encoded = { train: { encodings: [], labels: [], lengths: new Int32Array(0), truncated: 0 } };
  const notes = (train: readonly string[], validation: readonly string[]) =>
    textNotes({ train: set(train), validation: set(validation), test: null }, encoded, 8);
  expect(notes(['a', '', ' \n', 'b'], ['c', ''])).toEqual([
    '2 of 4 training texts are empty',
    '1 of 2 validation texts are empty',
  ]);
  expect(notes(['a', 'b'], ['c'])).toEqual([]);
});

test('a delimiter is a character or its name', () => {
  const given = (delimiter: unknown) => resolveTrainOptions({ train: path, out: 'x', delimiter } as never).delimiter;
  expect([';', 'semicolon', 'tab', '\\t', '\t', 'pipe', '|', 'comma', '~'].map(given)).toEqual([
    ...[';', ';', '\t', '\t', '\t', '|', '|', ',', '~'],
  ]);
  for (const wrong of ['', '"', '\n', ';;', 'dash', 7, 'constructor']) {
    expect(() => given(wrong), String(wrong)).toThrow('give one character, or comma, semicolon, tab or pipe');
  }
});
