/** What the page says of a run on many machines. */
import { expect, test } from 'vitest';
import type { RunStatus } from '../../src/jobs/run-status.ts';
import { jobsRows } from '../../web/src/live/jobs-rows.ts';

const half: RunStatus = {
  kind: 'files',
  shards: { all: 40, done: 20, running: 2, waiting: 17, failed: 1 },
  rows: { all: 10_000, answered: 4950, rejected: 50 },
  rowsPerSecond: 1250,
  secondsLeft: 240,
  cancelled: false,
  failures: [],
  queueProblem: null,
};
const rows = (progress: Partial<RunStatus>) => Object.fromEntries(jobsRows({ ...half, ...progress }));

test('a run of files shows shards, rows, rejects, the rate and the time left', () => {
  expect(rows({})).toEqual({
    Shards: '20 of 40 done; 2 running, 17 waiting, 1 failed',
    Rows: '4,950 of 10,000 answered, 50 rejected (50.0 %)',
    'Rows per second': expect.stringMatching(/^1[,.]?25/),
    'Time left': '4 min',
  });
});

test('what is not known is not shown: a queue that is away, a rate before the first shard', () => {
  const shards = { ...half.shards, running: null, waiting: null, failed: null };
  expect(rows({ shards, rowsPerSecond: null, secondsLeft: null })).toEqual({
    Shards: '20 of 40 done',
    Rows: expect.any(String),
  });
});

test('a run that is done, cancelled, a sweep or a reproduction is called that', () => {
  expect(rows({ secondsLeft: 0 })['Time left']).toBe('done');
  expect(rows({ cancelled: true })['Time left']).toBe('cancelled');
  for (const kind of ['sweep', 'reproduce'] as const)
    expect(rows({ kind, rowsPerSecond: null, secondsLeft: null })).toEqual({
      Runs: '20 of 40 done; 2 running, 17 waiting, 1 failed',
    });
});
