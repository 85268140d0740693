/** Everyday mail in the demo: what is added to the corpus, and what it is judged by. */
import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Corpus,
  corpusSentence,
  duplicateKey,
  readMails,
  splitMails,
  withEveryday,
} from '../../../src/cli/demo/corpus.ts';
import { demoExamples, writeRows } from '../../../src/cli/demo/demo-rows.ts';
import { everydayMessages } from '../../../src/cli/demo/everyday-messages.ts';
import { diskFolder } from '../../../src/disk-folder.ts';
import { examplesOf } from '../../../src/pyramid/folder/examples.ts';
import { writeWhole } from '../../../src/write-whole.ts';

interface Judging {
  readonly text: string;
  readonly label: 'ham' | 'spam';
  readonly kept: boolean;
}
const judging = readFileSync('test/cli/demo/everyday-mails.jsonl', 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Judging);

describe('everyday mail', () => {
  let corpus: Corpus;
  let whole: Corpus;
  beforeAll(async () => {
    corpus = splitMails(await readMails(), 0);
    whole = withEveryday(corpus);
  });

  test('is judged by 40 ham and 40 spam messages, half of each kept aside', () => {
    const count = (label: string, kept: boolean) =>
      judging.filter((one) => one.label === label && one.kept === kept).length;
    expect([count('ham', false), count('ham', true), count('spam', false), count('spam', true)]).toEqual([
      20, 20, 20, 20,
    ]);
    expect(new Set(judging.map(({ text }) => text)).size).toBe(80);
  });

  test('is trained with messages none of which judges it, even in part', () => {
    const words = (text: string) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
    const runs = (text: string) =>
      words(text).flatMap((_, i, all) => (i + 7 < all.length ? [all.slice(i, i + 8).join(' ')] : []));
    const known = new Set(everydayMessages().flatMap(({ text }) => runs(text)));
    expect(known.size).toBeGreaterThan(1000);
    expect(judging.flatMap(({ text }) => runs(text).filter((run) => known.has(run)))).toEqual([]);
  });

  test('is added to the training and the validation rows, and the test rows stay the corpus’ own', () => {
    expect(whole.test).toEqual(corpus.test);
    expect(whole.train.examples).toHaveLength(corpus.train.examples.length + whole.everyday.train);
    expect(whole.validation.examples).toHaveLength(corpus.validation.examples.length + whole.everyday.validation);
    const { train, validation } = whole.everyday;
    expect(train + validation).toBe(everydayMessages().length);
    for (const label of [0, 1]) {
      const held = whole.validation.examples
        .slice(corpus.validation.examples.length)
        .filter((one) => one.label === label);
      expect(held.length).toBeGreaterThan(4);
    }
    const keys = [...whole.train.examples, ...whole.validation.examples, ...whole.test.examples].map(({ text }) =>
      duplicateKey(text),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('is named in the sentence on the rows, beside the counts of the corpus', () => {
    expect(corpusSentence(whole)).toBe(
      `${corpusSentence(corpus)}; and ${everydayMessages().length} everyday messages that we wrote, ${whole.everyday.train} for training and ${whole.everyday.validation} for validation`,
    );
  });

  test('the page is given held-out mails with their own labels, and what the model was trained on', async () => {
    const { about, examples } = demoExamples(whole);
    const held = new Map(corpus.test.examples.map(({ text, label }) => [text, corpus.test.labels[label]]));
    expect(examples.map(({ label }) => label)).toEqual(['ham', 'spam', 'ham', 'spam', 'ham']);
    for (const { text, label } of examples) expect(held.get(text)).toBe(label);
    expect(about).toContain(`on 4,060 e-mails of 2002 and 2003`);
    expect(about).toContain(`${whole.everyday.train} everyday messages`);
    const dir = await mkdtemp(join(tmpdir(), 'examples-'));
    await writeWhole(join(dir, 'examples.json'), JSON.stringify({ about, examples }));
    expect(await examplesOf(diskFolder(dir))).toEqual({ about, examples });
  });

  test('its rows are written where the commands read them again', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'rows-'));
    const files = await writeRows(dir, whole);
    const rows = readFileSync(files.validation, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(rows).toEqual(whole.validation.examples.map(({ text, label }) => ({ text, label: ['ham', 'spam'][label] })));
    expect(files).toMatchObject({
      train: join(dir, 'train.jsonl'),
      test: join(dir, 'test.jsonl'),
      text: 'text',
      label: 'label',
    });
  });
});
