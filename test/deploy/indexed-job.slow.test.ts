// The Job that needs no queue, its command run as it stands in the manifest, with folders of this machine in the place of volumes.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { jobsRuns, rowsIn } from '../support/jobs-runs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const runs = jobsRuns(root, () => ({}));
const data = join(root, 'data');
const { spec } = parse(readFileSync('deploy/jobs/indexed-job.yaml', 'utf8'));
const [program, ...args]: string[] = spec.template.spec.containers[0].command;

beforeAll(runs.train);

test('answers all rows of a file once, in order, and a part that is done twice is the same', async () => {
  mkdirSync(data);
  const rows = Array.from({ length: 3000 }, (_, i) => `${i},"${i % 2 ? 'you have won' : 'the meeting'} ${i}"`);
  const path = join(data, 'mails.csv');
  writeFileSync(path, `id,body\n${rows.join('\n')}\n`);
  const command = args.map((arg) =>
    arg
      .replaceAll('/data/', `${data}/`)
      .replaceAll('/models/mails', runs.model)
      .replaceAll('--workers 2', '--workers 1'),
  );
  const part = (index: number) => {
    const env = { ...process.env, JOB_COMPLETION_INDEX: String(index) };
    const { status, stderr } = spawnSync(program, command, { env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.any(String)]);
  };
  for (let index = 0; index < spec.completions; index++) part(index);
  const answers = join(data, 'answers');
  const names = readdirSync(answers).sort();
  expect(names).toHaveLength(16);
  expect(names[15]).toBe('00015.jsonl');
  const read = () => names.map((name) => readFileSync(join(answers, name), 'utf8')).join('');
  const before = read();
  const whole = await runs.run('predict', '--model', runs.model, '--file', path, '--text', 'body', '--workers', '1');
  expect(rowsIn(before)).toEqual(rowsIn(whole.stdout));
  part(7);
  expect(read()).toBe(before);
  expect(readdirSync(answers).sort()).toEqual(names);
});
