// The rows of a run: what is said of them, and which labels are left to learn from.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { resolveTrainOptions } from '../../../src/train/options/resolve.ts';
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
  test('are all trained on, whatever the seed', async () => {
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

test('what was guessed at about the training file is told', async () => {
  expect((await read({})).notes).toEqual(['rare.csv: separated by semicolons']);
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
