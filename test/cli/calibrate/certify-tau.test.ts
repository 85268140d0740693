import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { certify, chooseCautiously, dropByGroup, leastRisk } from '../../../src/certify/index.ts';
import { realServices } from '../../../src/cli/real-services.ts';
import type { Services } from '../../../src/cli/services.ts';
import { judge } from '../../../src/evaluate/judge.ts';
import { planPeeks, withAsked } from '../../../src/evaluate/plan-peeks.ts';
import { type Trace, writeTrace } from '../../../src/evaluate/trace.ts';
import { exitLogits } from '../../../src/pyramid/exits/sum.ts';
import { readModelFolder } from '../../../src/pyramid/folder/disk-model.ts';
import { argmax } from '../../../src/pyramid/logits.ts';
import type { Dataset } from '../../../src/text/example.ts';
import { randomModel } from '../../support/random-model.ts';
import { randomTrace } from '../../support/random-trace.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { cli } from '../fake.ts';

const root = temporaryFolder();
const shape = { layers: 4, hiddenSize: 32, heads: 4, intermediateSize: 64, labels: 3 };
const file = join(root, 'fresh.csv');
let model: string;
let trace: Trace;
let before: string;
const rows: Dataset = {
  name: 'fresh.csv',
  labels: ['a', 'b', 'c'],
  pairs: false,
  examples: Array.from({ length: 2000 }, (_, i) => ({ text: `w${i}`, label: 0 })),
};

beforeAll(async () => {
  ({ dir: model } = await randomModel(root, 'model', { seed: 91, kind: 'pooled', prunes: true, tau: 0.9 }));
  writeFileSync(join(model, 'README.md'), '# A card\n');
  before = readFileSync(join(model, 'config.json'), 'utf8');
  trace = { ...randomTrace({ seed: 92, texts: 2000, shape }), labels: ['a', 'b', 'c'], dtype: 'fp32' };
});
beforeEach(() => writeFileSync(join(model, 'config.json'), before));

const services = (more: Partial<Services> = {}): Partial<Services> => ({
  labelledRows: async () => rows,
  unlabelledTexts: async () => rows.examples.map(({ text }) => ({ text })),
  labels: async () => rows.labels,
  outline: realServices.outline,
  freshRows: async (_, given) => given,
  trace: async () => ({ trace, own: { tau: null } }),
  writeTau: realServices.writeTau,
  ...more,
});
const calibrate = (args: readonly string[], more?: Partial<Services>) =>
  cli(['calibrate', '--model', model, ...args], services(more));
const withPyramid = (more: object) => {
  const config = JSON.parse(before);
  return { ...config, pyramid: { ...config.pyramid, ...more } };
};
const info = async () => (await readModelFolder(model)).info;

describe('calibrate with rows that trained and chose nothing', () => {
  test('certifies the fastest tau, which the folder, its card and the sentence then say', async () => {
    const made = certify(trace, { maxRisk: 0.02, confidence: 0.9, seed: 5 });
    const { tau } = made.certificate;
    expect(tau).not.toBeNull();
    const args = ['--calibration', file, '--max-drop', '0.02', '--confidence', '0.9', '--seed', '5'];
    const { code, stdout } = await calibrate(args);
    expect(code).toBe(0);
    expect(stdout).toContain(
      `tau ${tau}, certified: it loses at most 2 points of accuracy against the model run to the end, at 90 % confidence (2,000 rows:`,
    );
    expect(stdout).toMatch(/\nlabel a +[\d,]+ .*\nlabel b .*\nlabel c .*\nexit 1 /);
    expect(await info()).toMatchObject({ tau, tauFrom: 'certified', certificate: made.certificate });
    expect((await info()).calibration).toMatchObject({ rows: 2000, accuracy: judge(trace, tau).accuracy });
    expect(readFileSync(join(model, 'README.md'), 'utf8').split('\n').at(-2)).toMatch(
      /^For fp32: tau 0\.\d+, certified: it loses at most 2 points/,
    );
  });

  test('prints the certificate, and the drop by group, as JSON', async () => {
    const { stdout } = await calibrate(['--calibration', file, '--max-drop', '0.02', '--json']);
    const { certificate } = certify(trace, { maxRisk: 0.02, seed: 0 });
    expect(JSON.parse(stdout)).toMatchObject({
      model,
      tau: certificate.tau,
      tauFrom: 'certified',
      certificate,
      rowsNeeded: null,
    });
    expect(JSON.parse(stdout).groups).toEqual(dropByGroup(trace, certificate.tau, { seed: 0 }));
  });

  test.each(['harm', 'disagreement'] as const)('certifies by %s where that is asked for', async (risk) => {
    await calibrate(['--calibration', file, '--max-drop', '0.05', '--risk', risk]);
    const { certificate } = certify(trace, { maxRisk: 0.05, risk, seed: 0 });
    expect((await info()).certificate).toMatchObject({ ...certificate, risk });
  });

  test('goes to the end where nothing can be certified, and says how many rows it would take', async () => {
    const few = { ...trace, entries: trace.entries.slice(0, 200) };
    const { rowsNeeded } = certify(few, { maxRisk: 0.01, seed: 0 });
    const { code, stdout } = await calibrate(['--calibration', file, '--max-drop', '0.01'], {
      trace: async () => ({ trace: few, own: { tau: null } }),
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /nothing could be certified at 1 point and 95\.0 % confidence with 200 rows, so every text goes to the end \(tau off\)\. /,
    );
    expect(stdout).toContain(
      rowsNeeded === null
        ? 'More rows like these would not help'
        : `It needs about ${rowsNeeded.toLocaleString('en-US')} rows`,
    );
    expect(await info()).toMatchObject({ tau: null, tauFrom: 'certified', certificate: { tau: null } });
  });

  test('compares with the answers of another model, row by row, without the rows that the model has seen', async () => {
    const answers = trace.entries.map(({ logits }, i) =>
      i % 50 === 0 ? 0 : argmax(exitLogits(logits, null, null).layers.at(-1)!),
    );
    const reference = join(root, 'bert.jsonl');
    writeFileSync(reference, answers.map((label) => JSON.stringify({ label: 'abc'[label], score: 1 })).join('\n'));
    const kept = { ...trace, entries: trace.entries.slice(7) };
    const { stdout } = await calibrate(['--calibration', file, '--max-drop', '0.02', '--reference', reference], {
      labels: async () => rows.labels,
      answers: realServices.answers,
      freshRows: async () => ({ ...rows, examples: rows.examples.slice(7) }),
      trace: async () => ({ trace: kept, own: { tau: null } }),
    });
    const { certificate } = certify(kept, { maxRisk: 0.02, seed: 0, reference: answers.slice(7) });
    expect((await info()).certificate).toMatchObject({ ...certificate, against: 'reference' });
    expect(stdout).toContain(certificate.tau === null ? 'tau off' : 'against the given answers');
    writeFileSync(reference, '{"label": "a"}\n{"label": "b"}\n');
    const short = await calibrate(['--calibration', file, '--max-drop', '0.02', '--reference', reference], {
      answers: realServices.answers,
    });
    expect([short.code, short.stderr]).toEqual([2, expect.stringContaining('has 2 answers, and there are 2000 rows')]);
    writeFileSync(reference, '{"label": "a"}\n{"label": "z"}\n');
    const odd = await calibrate(['--calibration', file, '--max-drop', '0.02', '--reference', reference], {
      answers: realServices.answers,
    });
    expect(odd.stderr).toMatch(/bert\.jsonl.*2.*"z"/);
  });

  test('the other way round: the least risk that can be certified at a speed-up', async () => {
    const { certificate } = leastRisk(trace, { minSpeedup: 1.5, seed: 0 })!;
    const { stdout } = await calibrate(['--calibration', file, '--min-speedup', '1.5', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ tau: certificate.tau, certificate, target: { speedup: 1.5 } });
    expect(judge(trace, certificate.tau).speedup.actual).toBeGreaterThanOrEqual(1.5);
    const alias = await calibrate(['--calibration', file, '--speedup', '1.5', '--json']);
    expect(alias.stdout).toBe(stdout);
    const { code, stderr } = await calibrate(['--calibration', file, '--min-speedup', '500']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('no tau makes this model 500 times faster')]);
  });

  test('makes a plan of peeks from validation rows, and certifies with it', async () => {
    const other = { ...randomTrace({ seed: 93, texts: 800, shape }), dtype: 'fp32' as const };
    const costs = { ask: [5, 0.1, 5], run: [1, 1, 1, 1] };
    const examples = Array.from({ length: 800 }, (_, i) => ({ text: `v${i}`, label: 0 }));
    const validation = { ...rows, name: 'held back', examples };
    const { stdout } = await calibrate(['--calibration', file, '--max-drop', '0.2', '--plan-peeks', '--json'], {
      validationRows: async () => validation,
      trace: async (_, given) => ({ trace: given.name === 'held back' ? other : trace, own: { tau: null } }),
      measurePeeks: async () => costs,
    });
    const { asked } = planPeeks(other, costs, chooseCautiously(other, { maxDrop: 0.2 }).tau!);
    expect(asked).toContain(false);
    const { certificate } = certify(withAsked(trace, asked), { maxRisk: 0.2, seed: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ asked, certificate });
    expect(await info()).toMatchObject({ asked, tauFrom: 'certified', certificate });
  });

  test('does not certify a plan on the rows that chose it', async () => {
    const args = ['--calibration', file, '--validation', file, '--max-drop', '0.2', '--plan-peeks'];
    const traced: string[] = [];
    const { code, stderr } = await calibrate(args, {
      trace: async (_, { name }) => {
        traced.push(name);
        return { trace, own: { tau: null } };
      },
      measurePeeks: async () => ({ ask: [5, 0.1, 5], run: [1, 1, 1, 1] }),
    });
    expect([code, stderr]).toEqual([2, expect.stringContaining('2000 of 2000 rows are also training or validation')]);
    expect(traced).toHaveLength(1);
  });

  test('without a plan asks all heads, as the rows were run that certify', async () => {
    const asked = [true, false, true];
    writeFileSync(join(model, 'config.json'), JSON.stringify(withPyramid({ asked })));
    // only the last layer is ever right: no plan is worth making
    const entries = trace.entries.map((entry) => {
      const label = argmax(entry.logits.at(-1)!);
      const wrong = [0, 1, 2].map((one) => (one === (label + 1) % 3 ? 30 : 0));
      return { ...entry, label, logits: entry.logits.map((row, i) => (i === 3 ? row : wrong)) };
    });
    const never = { ...trace, entries };
    await calibrate(['--calibration', file, '--max-drop', '0.01', '--plan-peeks'], {
      validationRows: async () => ({ ...rows, examples: [{ text: 'v', label: 0 }] }),
      trace: async () => ({ trace: never, own: { tau: null } }),
    });
    expect(await info()).toMatchObject({ tauFrom: 'certified', asked: [true, true, true] });
  });

  test('another plan voids the certificate of another dtype, in the folder and its card', async () => {
    await calibrate(['--calibration', file, '--max-drop', '0.02', '--dtype', 'int8'], {
      trace: async () => ({ trace: { ...trace, dtype: 'int8' }, own: { tau: null } }),
    });
    expect((await info()).forDtype!.int8).toMatchObject({ tauFrom: 'certified' });
    const dial = { tau: 0.5, dtype: 'fp32', asked: [true, true, true] } as const;
    await realServices.writeTau(model, dial);
    expect((await info()).forDtype!.int8).toMatchObject({ tauFrom: 'certified' });
    await realServices.writeTau(model, { ...dial, asked: [true, false, true] });
    const stored = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')).pyramid;
    expect(stored.forDtype.int8.tauFrom).toBe('chosen');
    expect(stored.forDtype.int8).not.toHaveProperty('certificate');
    expect(readFileSync(join(model, 'README.md'), 'utf8')).toMatch(/\nFor int8: tau \S+, chosen, not certified\.\n/);
  });

  test('disagreement needs no labels, and nothing is said of accuracy', async () => {
    const labelledRows = () => {
      throw new Error('not asked for');
    };
    const args = ['--calibration', file, '--max-drop', '0.05', '--risk', 'disagreement'];
    const { code, stdout } = await calibrate(args, { labelledRows });
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nanswered otherwise, in % .*\nexit 1 /);
    expect(stdout).not.toMatch(/accuracy|label a/);
    expect(await info()).not.toHaveProperty('calibration');
    const said = JSON.parse((await calibrate([...args, '--json'], { labelledRows })).stdout);
    expect(said).not.toHaveProperty('accuracy');
    const groups = said.groups.filter(({ by }: { by: string }) => by === 'exit');
    const share = groups.reduce((sum: number, { n, drop }: { n: number; drop: number }) => sum + n * (drop ?? 0), 0);
    expect(share / 2000).toBeCloseTo(said.certificate.disagreement.estimate, 12);
  });

  test.each([
    ['layers', { shape: { ...shape, layers: 3 } }, 'it has 3 layers, and'],
    ['labels', { labels: ['a', 'b', 'd'] }, 'it has the labels a, b, d, and'],
    ['heads', { headKind: 'cls' as const }, 'it has cls exit heads, and'],
  ])('refuses a trace of a model with other %s', async (_, changed, words) => {
    const path = join(root, 'other.trace.jsonl');
    const cut =
      'shape' in changed
        ? ({ tokens, logits }: Trace['entries'][number]) => ({ tokens: tokens.slice(0, -1), logits: logits.slice(1) })
        : () => ({});
    await writeTrace(path, {
      ...trace,
      ...changed,
      entries: trace.entries.map((entry) => ({ ...entry, ...cut(entry) })),
    });
    const { code, stderr } = await calibrate(['--trace', path, '--max-drop', '0.02', '--confidence', '0.9']);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`is a trace of another model: ${words}`)]);
    expect(readFileSync(join(model, 'config.json'), 'utf8')).toBe(before);
  });

  test('a dial that does not fit the folder is not written', async () => {
    const { certificate } = certify(trace, { maxRisk: 0.02, seed: 0 });
    const dial = { tau: certificate.tau, dtype: 'fp32', certificate: { ...certificate, exits: [1] } } as const;
    await expect(realServices.writeTau(model, dial)).rejects.toThrow(/this tau is not of .*exits has 1 shares/);
    await expect(realServices.writeTau(model, { tau: null, dtype: 'fp32', asked: [false] })).rejects.toThrow(
      'there are 1 exit heads to ask or not, and the model has 4 layers',
    );
    expect(readFileSync(join(model, 'config.json'), 'utf8')).toBe(before);
  });

  test('certifies from a trace, whose rows it cannot know', async () => {
    const path = join(root, 'rows.trace.jsonl');
    await writeTrace(path, trace);
    const { stderr } = await calibrate(['--trace', path, '--max-drop', '0.02', '--confidence', '0.95']);
    expect(stderr).toContain('a trace does not show whether its rows trained or chose anything');
    expect(await info()).toMatchObject({ tauFrom: 'certified', certificate: { rows: 2000 } });
    await calibrate(['--trace', path, '--max-drop', '0.02']);
    expect(await info()).toMatchObject({ tauFrom: 'chosen' });
    expect(await info()).not.toHaveProperty('certificate');
    expect(readFileSync(join(model, 'README.md'), 'utf8')).toMatch(
      /\n## The dial\n\nFor fp32: tau \S+, chosen, not certified\.\n$/,
    );
  });

  test.each([
    [
      ['--max-drop', '0.01', '--confidence', '0.95'],
      /--confidence asks for a certificate, and the validation rows had a part/,
    ],
    [['--max-drop', '0.01', '--risk', 'harm', '--validation', 'f.csv'], /--risk asks for a certificate/],
    [['--max-drop', '0.01', '--calibration', 'f', '--trace', 'g'], /both --calibration and --trace were given/],
    [
      ['--max-drop', '0.01', '--calibration', 'f.csv', '--validation', 'g.csv'],
      /--validation has no use beside --calibration/,
    ],
    [['--max-drop', '0.01', '--label-budget', '5'], /--label-budget was given without texts; add --unlabelled/],
    [
      ['--max-drop', '0', '--calibration', 'f.csv'],
      /--max-drop is 0, and nothing can be certified at that; give a fraction/,
    ],
    [['--labels', 'f.csv', '--max-drop', '0.01'], /--max-drop has no use beside --labels/],
    [['--max-drop', '0.01', '--calibration', 'f.csv', '--by', 'paper'], /--by has no use beside --calibration/],
    [['--max-drop', '0.01', '--trace', 'f', '--text', 'a'], /--text has no use beside --trace/],
    [
      ['--max-drop', '0.01', '--risk', 'disagreement', '--calibration', 'f.csv', '--label', 'a'],
      /--label has no use beside --risk/,
    ],
  ])('refuses %j, and leaves the model as it was', async (args, message) => {
    const { code, stderr } = await calibrate(args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(readFileSync(join(model, 'config.json'), 'utf8')).toBe(before);
  });
});
