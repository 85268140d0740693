import { expect, test } from 'vitest';
import { cli } from '../fake.ts';

test.each([
  [['evaluate', '--test', 'a.jsonl'], 'a.jsonl is no csv or tsv file'],
  [['tradeoff', '--test', 'a.parquet'], 'a.parquet is no csv or tsv file'],
  [['evaluate', '--task', 'mrpc'], 'no file of rows'],
  [['calibrate', '--max-drop', '0.01', '--validation', 'a.json'], 'a.json is no csv or tsv file'],
  [['calibrate', '--max-drop', '0.01'], 'no file of rows'],
  [['predict', '--file', 'a.txt'], 'a.txt is no csv or tsv file'],
])('%j with a delimiter that has no use is refused in one sentence', async (args, given) => {
  expect(await cli([...args, '--model', 'm', '--delimiter', ';'])).toEqual({
    code: 2,
    stdout: '',
    stderr: `error: --delimiter was given, and ${given}; leave it out\n`,
  });
});

test('a delimiter beside a csv or tsv file, compressed or not, goes on to the rows', async () => {
  for (const file of ['a.csv', 'A.TSV', 'a.csv.gz']) {
    const sources: unknown[] = [];
    const outcome = await cli(['evaluate', '--model', 'm', '--test', file, '--delimiter', ';'], {
      labelledRows: (source) => {
        sources.push(source);
        throw new Error('seen');
      },
    });
    expect(sources, outcome.stderr).toEqual([expect.objectContaining({ file, delimiter: ';' })]);
  }
});
