/** What a run of floor 0 alone holds of many rows while it learns: numbers, not texts. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const [FEW, MANY] = [5_000, 30_000];
const WORDS = ['win', 'loss', 'even', 'more', 'less', 'none'];
/** A word too long for the vocabulary: much text, and one token. */
const LONG = 'x'.repeat(1000);

const root = temporaryFolder();
const model = join(root, 'model');
mkdirSync(model);
writeFileSync(join(model, 'vocab.txt'), ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...WORDS].join('\n'));

function file(rows: number): string {
  const path = join(root, `${rows}.jsonl`);
  const row = (i: number) => ({ text: `${i} ${WORDS[i % 2]} ${WORDS[i % 6]} ${LONG}`, label: WORDS[i % 2] });
  writeFileSync(path, Array.from({ length: rows }, (_, i) => `${JSON.stringify(row(i))}\n`).join(''));
  return path;
}

/** Bytes that are held while floor 0 learns from so many rows. */
function heldOf(rows: number): number {
  const child = ['test/support/held-by-floor.mjs', file(rows), file(100), model, join(root, `out-${rows}`)];
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', ...child], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return Number(stdout);
}

test('floor 0 alone holds token ids of its training rows while it learns, and neither texts nor encodings', () => {
  const perRow = (heldOf(MANY) - heldOf(FEW)) / (MANY - FEW);
  // 6 ids of 4 bytes, where the row begins, its label; an encoding has some hundreds, a text 1,000
  expect(perRow).toBeGreaterThan(30);
  expect(perRow).toBeLessThan(100);
});
