import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { abstaining, certifyAbstention, dropByGroup } from '../../src/certify/index.ts';
import type { Services } from '../../src/cli/services.ts';
import { byLabel } from '../../src/evaluate/by-label.ts';
import { calibrationErrors } from '../../src/evaluate/calibration-error.ts';
import { judge } from '../../src/evaluate/judge.ts';
import type { Trace } from '../../src/evaluate/trace.ts';
import { judgeWindows } from '../../src/evaluate/windows.ts';
import { times } from '../../src/report/format.ts';
import type { Dataset } from '../../src/text/example.ts';
import { certificateOf } from '../support/certificate.ts';
import { randomTrace } from '../support/random-trace.ts';
import { multiLabelTrace } from '../support/target-traces.ts';
import { cli } from './fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'evaluate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rows: Dataset = {
  name: 'mails',
  labels: ['ham', 'spam'],
  pairs: false,
  examples: [
    { text: 'a', label: 0 },
    { text: 'b', label: 1 },
  ],
};
const trace: Trace = {
  shape: { layers: 2, hiddenSize: 8, heads: 2, intermediateSize: 32, labels: 2 },
  labels: rows.labels,
  headKind: 'cls',
  pairs: false,
  entries: [
    {
      label: 0,
      length: 4,
      tokens: [4, 4, 3],
      logits: [
        [9, 0],
        [5, 0],
      ],
    },
    {
      label: 1,
      length: 40,
      tokens: [40, 20, 10],
      logits: [
        [0.1, 0],
        [0, 5],
      ],
    },
  ],
};

const many = randomTrace({ seed: 3, texts: 800 });

function services() {
  const calls: unknown[][] = [];
  const fake: Partial<Services> = {
    async labelledRows(source, dir) {
      calls.push([source, dir]);
      return rows;
    },
    async trace(dir, given) {
      calls.push([dir, given]);
      return { trace, own: { tau: 0.5 } };
    },
  };
  return { calls, fake };
}

describe('evaluate', () => {
  test('prints precision, recall and F1 of each label, and which is taken for which', async () => {
    const { fake } = services();
    const { stdout } = await cli(['evaluate', '--model', 'm', '--test', 'f.csv', '--tau', 'off'], fake);
    expect(stdout).toMatch(/^label +precision +recall +F1 +rows +answered$/m);
    expect(stdout).toMatch(/^ham +1\.000 +1\.000 +1\.000 +1 +1$/m);
    // the mail is right at the end, and at the first layer it is not
    expect(stdout).not.toMatch(/^spam +1 +0$/m);
    const early = await cli(['evaluate', '--model', 'm', '--test', 'f.csv', '--tau', '1'], fake);
    expect(early.stdout).toMatch(/^spam +0\.000 +0\.000 +0\.000 +1 +0$/m);
    expect(early.stdout).toMatch(/^spam +1 +0$/m);
  });

  test('of a model without a network says how right it is, and nothing of layers, operations or tau', async () => {
    const none = { layers: 0, hiddenSize: 0, heads: 0, intermediateSize: 0, labels: 2 };
    const floor = { weight: 1, prior: [0, 0], scale: 1 };
    const linear: Trace = {
      ...{ shape: none, labels: rows.labels, headKind: 'none', pairs: false, floor },
      entries: [
        { label: 0, length: 4, tokens: [4], logits: [], floor: [2, 0] },
        { label: 1, length: 40, tokens: [40], logits: [], floor: [2, 0] },
      ],
    };
    const { fake } = services();
    const { stdout } = await cli(['evaluate', '--model', 'm', '--test', 'f.csv'], {
      ...fake,
      trace: async () => ({ trace: linear, own: { tau: null } }),
    });
    const [figures] = stdout.split('\n\n');
    expect(figures.split('\n').map((line) => line.replace(/ {2,}/g, ': '))).toEqual([
      'texts: 2 of mails',
      'accuracy: 50.0 %',
      'F1: 0.0 %',
      expect.stringMatching(/^calibration error: [\d.]+ %$/),
      'tokens a text: 22.0',
      '1-35 tokens: 1 text, accuracy 100.0 %',
      '36-70 tokens: 1 text, accuracy 0.0 %',
      '71+ tokens: no texts',
    ]);
  });

  test('reads the given rows and prints the evaluation of their trace as JSON', async () => {
    const { calls, fake } = services();
    const args = ['--model', 'm', '--test', 'f.csv', '--label', 'y', '--tau', '0.2', '--json'];
    const { code, stdout, stderr } = await cli(['evaluate', ...args], fake);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({
      ...judge(trace, 0.2),
      calibrationError: calibrationErrors(trace),
      tauFrom: 'given',
      drops: dropByGroup(trace, 0.2),
      byLabel: byLabel(trace, 0.2),
    });
    expect(calls).toEqual([
      [{ task: null, dataDir: null, file: 'f.csv', delimiter: null, text: null, pair: null, label: 'y' }, 'm'],
      ['m', rows],
    ]);
  });

  test('judges texts that ran as windows by their windows, and promises nothing of them', async () => {
    const windows = { trace: many, counts: Array.from({ length: 400 }, () => 2) };
    const calls: unknown[][] = [];
    const fake: Partial<Services> = {
      labelledRows: async () => rows,
      async windowTrace(dir, _, given) {
        calls.push([dir, given]);
        return { ...windows, own: { tau: 0.5, certificate: { ...certificateOf(6, 0.5), settings: '' } } };
      },
    };
    const args = ['evaluate', '--model', 'm', '--test', 'f.csv', '--stride', '16'];
    const { stdout } = await cli(args, fake);
    expect(calls).toEqual([['m', { dtype: null, stride: 16, windows: 'mean' }]]);
    expect(stdout).toContain(
      '2.00 a text, which share 16 tokens; the mean of their logits answers; nothing is promised',
    );
    const json = JSON.parse((await cli([...args, '--windows', 'certain', '--json'], fake)).stdout);
    expect(json).toMatchObject({
      ...judgeWindows(windows, 0.5, 'certain'),
      windows: { stride: 16, rule: 'certain', each: 2 },
    });
    expect(json.accuracy).not.toBe(judgeWindows(windows, 0.5, 'mean').accuracy);
    const { code, stderr } = await cli([...args, '--trace', join(folder, 'windows.jsonl')], fake);
    expect([code, stderr]).toEqual([2, expect.stringContaining('both --trace and --stride were given')]);
  });

  test('says of a model that abstains what share it answers, and how much of that is right', async () => {
    const { abstention } = certifyAbstention(many, 0.5, { accuracy: 0.9 });
    const fake: Partial<Services> = {
      labelledRows: async () => rows,
      trace: async () => ({ trace: many, own: { tau: 0.5, abstention: { ...abstention!, settings: '' } } }),
    };
    const { answered, right } = abstaining(many, 0.5, abstention!);
    expect([answered, right]).toEqual([abstention!.answered, abstention!.right.estimate]);
    const { stdout } = await cli(['evaluate', '--model', 'm', '--test', 'f.csv'], fake);
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    expect(stdout).toContain(`${percent(answered)}, of which ${percent(right!)} right; the others are "unsure"\n`);
    const json = await cli(['evaluate', '--model', 'm', '--test', 'f.csv', '--json'], fake);
    expect(JSON.parse(json.stdout).abstention).toEqual({ answered, right });
  });

  test('prints the same figures for people, and writes the trace when asked', async () => {
    const path = join(folder, 'trace.jsonl');
    const { stdout } = await cli(
      ['evaluate', '--model', 'm', '--task', 'qqp', '--tau', 'off', '--trace', path],
      services().fake,
    );
    const judged = judge(trace, null);
    expect(stdout).toMatch(/^texts +2 of mails, tau off, as given\naccuracy +100\.0 %\nF1 +100\.0 %\n/);
    expect(stdout).toContain(`${times(judged.speedup.paper)} as the paper counts`);
    expect(stdout).toMatch(/exits by layer +0 {2}2\n/);
    const errors = calibrationErrors(trace)
      .slice(1)
      .map((error) => `${(100 * error!).toFixed(1)} %`);
    expect(stdout).toContain(`calibration error, by layer  ${errors.join('  ')}\n`);
    expect(stdout).toMatch(/1-35 tokens +1 text, accuracy 100\.0 %/);
    expect(stdout).toMatch(/71\+ tokens +no texts\n/);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(2);
    expect(existsSync(`${path}.meta.json`)).toBe(true);
  });

  test('calls what is right by length an exact set where a text may have any number of labels', async () => {
    const several = multiLabelTrace();
    const { stdout } = await cli(['evaluate', '--model', 'm', '--test', 'f.csv', '--tau', 'off'], {
      ...services().fake,
      trace: async () => ({ trace: several, own: { tau: 0.5 } }),
    });
    const { n, accuracy } = judge(several, null).byLength[0];
    expect(stdout).toContain(`${n} texts, exactly the right labels ${(100 * accuracy!).toFixed(1)} %, speed-up`);
    expect(stdout).not.toContain('accuracy');
  });

  test("takes the model's own tau where none is given", async () => {
    const { stdout } = await cli(['evaluate', '--model', 'm', '--test', 'f.csv', '--json'], services().fake);
    expect(JSON.parse(stdout)).toMatchObject({ ...judge(trace, 0.5), tauFrom: 'chosen' });
  });

  test('says how the tau came about, and what is lost by label, exit and length', async () => {
    const { fake } = services();
    const certificate = { ...certificateOf(2, 0.5), settings: 'x' };
    const own = { tau: 0.5, tauFrom: 'certified', certificate } as const;
    const { stdout } = await cli(['evaluate', '--model', 'm', '--test', 'f.csv'], {
      ...fake,
      trace: async () => ({ trace, own }),
    });
    expect(stdout).toMatch(/^texts +2 of mails, tau 0\.5, certified: it loses at most 1 point of accuracy against/);
    expect(stdout).toMatch(
      /drop in points +rows +drop +interval\nlabel ham +1 +0\.0 +-?\d+\.\d to \d+\.\d\nlabel spam/,
    );
    expect(stdout).toMatch(/exit 1 +1 .*\nexit 2 +1 .*\n1 to 35 tokens +1 .*\n36 to 70 tokens +1/);
    const off = await cli(['evaluate', '--model', 'm', '--test', 'f.csv', '--tau', 'off'], fake);
    expect(off.stdout).not.toContain('drop in points');
  });

  test('says that a model without exit heads cannot exit early', async () => {
    const { fake } = services();
    const none = {
      ...fake,
      trace: async () => ({ trace: { ...trace, headKind: 'none' as const }, own: { tau: null } }),
    };
    const { code, stderr } = await cli(['evaluate', '--model', 'm', '--test', 'f.csv', '--tau', '0.2'], none);
    expect([code, stderr]).toEqual([2, expect.stringContaining('no exit heads')]);
  });
});
