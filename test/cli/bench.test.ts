import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BenchOptions, BenchReport } from '../../src/bench/index.ts';
import type { Services } from '../../src/cli/services.ts';
import { PyramidError } from '../../src/errors.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { cli } from './fake.ts';

const root = temporaryFolder();
const report: BenchReport = {
  machine: { cpu: 'a processor', cores: 2, memoryGiB: 8, os: 'linux' },
  versions: { node: '20.19.0', torch: '2.0' },
  rows: [
    {
      system: 'magic-pyramid',
      mode: 'throughput',
      textsPerSecond: 3000,
      p50Ms: null,
      p99Ms: null,
      accuracy: 0.9,
      tau: 0.5,
      dtype: 'fp32',
      gflops: 0.01,
    },
    {
      system: 'pytorch',
      mode: 'throughput',
      textsPerSecond: 75,
      p50Ms: null,
      p99Ms: null,
      accuracy: null,
      tau: null,
      dtype: 'fp32',
      gflops: 0.5,
    },
    {
      system: 'magic-pyramid',
      mode: 'latency',
      textsPerSecond: 900,
      p50Ms: 0.7,
      p99Ms: 2,
      accuracy: 0.9,
      tau: 0.5,
      dtype: 'fp32',
      gflops: 0.01,
    },
    {
      system: 'pytorch',
      mode: 'latency',
      textsPerSecond: 80,
      p50Ms: 14,
      p99Ms: 20,
      accuracy: null,
      tau: null,
      dtype: 'fp32',
      gflops: 0.5,
    },
  ],
  ratios: [
    { system: 'magic-pyramid', mode: 'throughput', tau: 0.5, dtype: 'fp32', ratio: 1, peakShare: 0.15 },
    { system: 'pytorch', mode: 'throughput', tau: null, dtype: 'fp32', ratio: 40, peakShare: 0.187 },
    { system: 'magic-pyramid', mode: 'latency', tau: 0.5, dtype: 'fp32', ratio: 1, peakShare: null },
    { system: 'pytorch', mode: 'latency', tau: null, dtype: 'fp32', ratio: 20, peakShare: null },
  ],
  speedups: [{ dtype: 'fp32', tau: 0.5, clock: 15, flops: 25, share: 0.6 }],
  peaks: [{ dtype: 'fp32', threads: 2, gflopsPerSecond: 200 }],
  setting: { model: 'm', rows: 'mails', texts: 2, rounds: 3, seconds: 2, workers: 2, threads: 1 },
};
const rows = {
  name: 'mails',
  labels: ['ham', 'spam'],
  pairs: true,
  examples: [
    { text: 'a', pair: 'x', label: 0 },
    { text: 'b', pair: 'y', label: 1 },
    { text: 'c', pair: 'z', label: 1 },
  ],
};

function services(): { calls: BenchOptions[]; fake: Partial<Services> } {
  const calls: BenchOptions[] = [];
  return {
    calls,
    fake: {
      labelledRows: async () => rows,
      labels: async () => ['spam', 'ham'],
      async bench(options) {
        calls.push(options);
        options.onNote('round 1 of 3');
        return report;
      },
    },
  };
}

describe('bench', () => {
  test('passes on the first rows with their label numbers, and the settings to measure', async () => {
    const { calls, fake } = services();
    const args = [
      '--model',
      'm',
      '--test',
      'f.csv',
      '--count',
      '2',
      '--tau',
      '0.2,off',
      '--tau',
      '0.5',
      '--dtype',
      'int8,fp32',
    ];
    const { code, stderr } = await cli(['bench', ...args, '--rounds', '4', '--seconds', '0.5', '--workers', '3'], fake);
    expect([code, stderr]).toEqual([0, 'round 1 of 3\n']);
    expect(calls).toMatchObject([
      {
        model: 'm',
        rows: 'mails',
        texts: [
          { text: 'a', pair: 'x' },
          { text: 'b', pair: 'y' },
        ],
        truth: [1, 0],
        taus: [0.2, null, 0.5],
        dtypes: ['int8', 'fp32'],
        rounds: 4,
        seconds: 0.5,
        workers: 3,
        threads: 1,
        peers: null,
        python: 'python3',
      },
    ]);
  });

  test.each([
    [['--peers'], 'all'],
    [['--peers', 'all'], 'all'],
    [
      ['--peers', 'pytorch, onnxruntime'],
      ['pytorch', 'onnxruntime'],
    ],
    [
      ['--peers', 'pytorch', '--peers', 'transformers.js'],
      ['pytorch', 'transformers.js'],
    ],
  ])('takes %j as %j', async (args, peers) => {
    const { calls, fake } = services();
    expect((await cli(['bench', '--model', 'm', '--task', 'rte', ...args], fake)).code).toBe(0);
    expect(calls[0].peers).toEqual(peers);
  });

  test('prints machine, versions, a table with ratios and how far the clock follows', async () => {
    const { stdout } = await cli(['bench', '--model', 'm', '--test', 'f.csv'], services().fake);
    expect(stdout).toBe(`2 × a processor, 8 GiB, linux
node 20.19.0, torch 2.0
2 texts of mails, 3 rounds, workers 2, threads 1; one large product: 200 GFLOP/s (fp32, threads 2)

system         dtype  tau  texts/s  first ×  of peak  p50 ms  first ×  p99 ms  accuracy  GFLOPs
─────────────  ─────  ───  ───────  ───────  ───────  ──────  ───────  ──────  ────────  ──────
magic-pyramid  fp32   0.5     3000     1.00   15.0 %    0.70     1.00    2.00    90.0 %  0.0100
pytorch        fp32   off     75.0    40.00   18.7 %   14.00    20.00   20.00             0.500

fp32, tau 0.5: 15.00 times our own dense on the clock, 25.00 times fewer operations: 0.60
`);
  });

  test('prints only JSON, or writes it in addition to the table', async () => {
    const given = ['bench', '--model', 'm', '--test', 'f.csv', '--json'];
    expect(JSON.parse((await cli(given, services().fake)).stdout)).toEqual(report);
    const path = join(root, 'bench.json');
    expect((await cli([...given, path], services().fake)).stdout).toContain('first ×');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(report);
    const { code, stderr } = await cli([...given, join(path, 'bench.json')], services().fake);
    expect([code, stderr]).toEqual([1, expect.stringContaining('cannot write')]);
  });

  test('accepts a file without labels, and says that accuracy is not reported', async () => {
    const { calls, fake } = services();
    const path = join(root, 'texts.csv');
    writeFileSync(path, 'text\na\n');
    const bare: Partial<Services> = {
      ...fake,
      async labelledRows() {
        throw new PyramidError('MP_DATA_COLUMN', { path, column: 'label', columns: ['text'] });
      },
      async *texts() {
        yield* ['a', 'b', 'c'];
      },
    };
    const args = ['bench', '--model', 'm', '--test', path, '--count', '2'];
    const { code, stderr } = await cli(args, bare);
    expect([code, stderr]).toEqual([
      0,
      `note: ${path} has no label column, so accuracy is not reported\nround 1 of 3\n`,
    ]);
    expect(calls[0]).toMatchObject({ texts: ['a', 'b'], truth: null });
    expect((await cli([...args, '--label', 'y'], bare)).stderr).toContain('no column "label"');
  });

  test.each([
    [[], '--model is missing'],
    [['--model', 'm'], 'there are no rows to classify'],
    [['--model', 'm', '--test', 'f', '--tau', '2'], 'numbers from 0 to 1 or off'],
    [['--model', 'm', '--test', 'f', '--dtype', 'fp16'], 'one or more of fp32, int8'],
    [['--model', 'm', '--test', 'f', '--peers', 'jax'], 'some of onnxruntime, transformers.js, pytorch'],
  ])('refuses %j', async (args, reason) => {
    const { code, stderr } = await cli(['bench', ...args], services().fake);
    expect([code, stderr]).toEqual([2, expect.stringContaining(reason)]);
  });

  test('plans from what a server answers, at each dtype and tau, instead of the table', async () => {
    const asked: unknown[] = [];
    const fake: Partial<Services> = {
      ...services().fake,
      outline: async () => ({ info: { tau: 0.4 } }) as never,
      async httpLoad(options) {
        asked.push(options.serve.slice(-2), options.load, options.texts.length);
        return { requestsPerSecond: 500, p50Ms: 1, p99Ms: 5, residentBytes: 2 ** 28 };
      },
      bench: async () => expect.fail('a plan is not the table'),
    };
    const args = ['bench', '--model', 'm', '--test', 'f.csv', '--plan', '1200', '--plan-load', '0.5', '--price', '2'];
    const { code, stdout } = await cli([...args, '--json'], fake);
    expect(code).toBe(0);
    const [plan] = JSON.parse(stdout);
    expect(plan).toMatchObject({ tau: 0.4, extrapolated: { machines: 5, costOfMonth: 7300 } });
    expect(asked).toEqual([['--tau', '0.4'], 0.5, 3]);
    expect((await cli([...args, '--tau', 'off'], fake)).stdout).toContain('For 1200 requests');
    expect(asked[3]).toEqual(['--tau', 'off']);
    expect(await cli([...args, '--peers'], fake)).toMatchObject({ code: 2 });
    expect((await cli(['bench', '--model', 'm', '--test', 'f.csv', '--price', '2'], fake)).stderr).toContain(
      'add --plan',
    );
  });
});
