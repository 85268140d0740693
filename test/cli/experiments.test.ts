import { describe, expect, test } from 'vitest';
import type { Services } from '../../src/cli/services.ts';
import type { ReproduceOptions } from '../../src/experiment/reproduce/reproduce.ts';
import type { SweepOptions, SweepRow } from '../../src/experiment/sweep/sweep.ts';
import { failedRow } from '../../src/report/table.ts';
import { cli } from './fake.ts';

const row = { ...failedRow('mrpc', 'mp', ''), failed: undefined, accuracy: 0.785, speedupPaper: 4.2 };

async function reproduce(args: readonly string[], failed = 0) {
  let given: ReproduceOptions | null = null;
  const services: Partial<Services> = {
    async reproduce(options) {
      given = options;
      return { rows: [row], report: 'runs/x/report.html', failed };
    },
  };
  return { ...(await cli(['reproduce', ...args], services)), given: given as ReproduceOptions | null };
}

const sweepRow: SweepRow = {
  method: 'mp',
  delta: 0.02,
  temperature: 1e-3,
  lambda: 0.05,
  tau: 0.3,
  accuracy: 0.78,
  drop: 0.004,
  gflops: 0.2,
  gflopsActual: 0.1,
  speedupPaper: 3.1,
  speedupActual: 6.2,
  seconds: 60,
  failed: null,
};

async function sweep(args: readonly string[]) {
  let given: SweepOptions | null = null;
  const services: Partial<Services> = {
    async sweep(options) {
      given = options;
      const test = { accuracy: 0.779, gflops: 0.2, gflopsActual: 0.1, speedupPaper: 3, speedupActual: 6 };
      return { rows: [sweepRow], choice: { ...sweepRow, test }, failed: 0 };
    },
  };
  return { ...(await cli(['sweep', ...args], services)), given: given as SweepOptions | null };
}

describe('reproduce', () => {
  test('runs all tasks and the usual methods when nobody says, and prints the table', async () => {
    const { code, stdout, stderr, given } = await reproduce(['--out', 'runs/x', '--model', 'some/model']);
    expect([code, stderr]).toEqual([0, '']);
    expect(given).toMatchObject({
      tasks: ['ag_news', 'yelp_polarity', 'qqp', 'mrpc', 'rte'],
      methods: ['bert', 'linear', 'distilbert', 'ltp', 'fastbert', 'mp', 'mp+'],
      limit: null,
      maxDrop: 0.01,
      seeds: 1,
      resume: false,
      // a task's own settings hold where nothing was given
      training: { model: 'some/model' },
    });
    expect(stdout).toMatch(/mrpc +mp +78\.5 %/);
    expect(stdout.trimEnd()).toMatch(/The report is runs\/x\/report\.html$/);
  });

  test('takes limits for all tasks or for each, and settings of training', async () => {
    const { given } = await reproduce(
      '--out x --tasks mrpc,rte --methods bert,mp+ --limit ag_news=8000,mrpc=500 --test-limit 100 --batch-size 16'.split(
        ' ',
      ),
    );
    expect(given).toMatchObject({
      tasks: ['mrpc', 'rte'],
      methods: ['bert', 'mp+'],
      limit: { ag_news: 8000, mrpc: 500 },
      confidence: 0.95,
      testLimit: 100,
    });
    expect(given!.training).toEqual({ batchSize: 16 });
  });

  test('takes a confidence and a share of rows that certify, and leaves the drop to itself', async () => {
    const { given } = await reproduce('--out x --max-drop 0.02 --confidence 0.9 --calibration-share 0.1'.split(' '));
    expect(given).toMatchObject({ maxDrop: 0.02, confidence: 0.9 });
    expect(given!.training).toEqual({ calibrationShare: 0.1 });
    const refused = await sweep('--task mrpc --out x --calibration-share 0.1'.split(' '));
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/--calibration-share/)]);
  });

  test('ends with code 1 where a run failed, after the table', async () => {
    const { code, stdout, stderr } = await reproduce(['--out', 'x'], 2);
    expect(code).toBe(1);
    expect(stdout).toContain('78.5 %');
    expect(stderr).toMatch(/^error: 2 runs failed .*--out x --resume\n$/);
  });

  test.each([
    [['--out', 'x', '--tasks', 'sst2'], /--tasks is "sst2": give one or more of ag_news/],
    [['--out', 'x', '--methods', 'bert,pabee'], /--methods is "bert,pabee"/],
    [['--out', 'x', '--limit', 'mrpc=few'], /--limit is "mrpc=few": give a number of rows, or a number for some tasks/],
    [['--out', 'x', '--max-drop', '1.5'], /--max-drop is "1\.5"/],
    [[], /--out is missing/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr, given } = await reproduce(args);
    expect([code, given]).toEqual([2, null]);
    expect(stderr).toMatch(message);
  });
});

describe('sweep', () => {
  test('looks where the paper does when nobody says, and prints table and choice', async () => {
    const { code, stdout, given } = await sweep(['--task', 'mrpc', '--out', 'x', '--seed', '3']);
    expect(code).toBe(0);
    expect(given).toMatchObject({ task: 'mrpc', methods: ['mp+'], sample: null, training: { seed: 3 } });
    expect([Math.min(...given!.deltas), Math.max(...given!.deltas)]).toEqual([0.01, 0.08]);
    expect(given!.temperatures).toEqual([1e-5, 2e-5, 5e-5, 1e-3]);
    expect([Math.min(...given!.lambdas), Math.max(...given!.lambdas)]).toEqual([0.001, 0.2]);
    expect(stdout).toMatch(/mp +0\.02 +0\.001 +0\.05 +0\.3 +78\.0 %/);
    expect(stdout).toMatch(
      /Chosen: mp --delta 0\.02 --temperature 0\.001 --lambda 0\.05, tau 0\.3; on the test rows 77\.9 %/,
    );
  });

  test.each([
    [['--task', 'mrpc', '--out', 'x', '--deltas', '0.1,2'], /--deltas is "0\.1,2": give numbers from 0 to 1/],
    [['--out', 'x'], /--task is missing/],
    [['--task', 'mrpc'], /--out is missing/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr, given } = await sweep(args);
    expect([code, given]).toEqual([2, null]);
    expect(stderr).toMatch(message);
  });
});
