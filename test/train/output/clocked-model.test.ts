import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ClockFigures, MeasureClock } from '../../../src/evaluate/clock-figures.ts';
import { runTraining } from '../../../src/train/train.ts';
import { cpu } from '../../support/cpu.ts';
import { scratchDataset, tinyOptions, writeRows } from '../../support/scratch-data.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const rows = writeRows(root, 'rows.csv', scratchDataset({ rows: 48 }));

async function trained(name: string, measure?: MeasureClock) {
  const out = join(root, name);
  const notes: string[] = [];
  const onEvent = (event: { kind: string; text?: string }) => event.kind === 'note' && notes.push(event.text!);
  const result = await runTraining(tinyOptions({ train: rows, out, method: 'bert' }), cpu, onEvent, undefined, measure);
  const read = (file: string) => readFileSync(join(out, file), 'utf8');
  return { result, notes, record: JSON.parse(read('training.json')), card: read('README.md') };
}

test('the clock is asked once the folder is whole, and where it fails a note says why and the model stays', async () => {
  const seen: unknown[] = [];
  const { result, notes, record, card } = await trained('failing', async (dir, how) => {
    seen.push([
      JSON.parse(readFileSync(join(dir, 'training.json'), 'utf8')).clock,
      how.rows,
      how.tau,
      how.texts.length,
    ]);
    throw new Error('no room');
  });
  expect(seen).toEqual([[null, 'validation', null, record.data.validation.rows]]);
  expect(notes).toContain('time on the clock was not measured: no room');
  expect([result.clock, record.clock]).toEqual([null, null]);
  expect(card).toContain('Operations are not time: ');
});

test('what was measured is in the result, the record and the card; without a clock there is no note of it', async () => {
  const machine = { cpu: 'A Processor', threads: 3 };
  const times = { msPerText: 1.5, msPerTextToTheEnd: null, msPerTextBert: null };
  const figures: ClockFigures = { machine, rows: 'validation', texts: 4, ...times };
  const { result, record, card } = await trained('timed', async () => figures);
  expect([result.clock, record.clock]).toEqual([figures, figures]);
  expect(card).toContain('| time | 1.50 ms a text, 667 texts a second |');
  expect(card).toContain('Times are of 4 validation texts, tokenising included, on A Processor with 3 threads');
  const alone = await trained('alone');
  expect(alone.result.clock).toBeNull();
  expect(alone.notes.filter((note) => note.includes('clock'))).toEqual([]);
});
