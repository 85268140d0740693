import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { certifyAbstention } from '../../../src/certify/index.ts';
import { realServices } from '../../../src/cli/real-services.ts';
import type { Services } from '../../../src/cli/services.ts';
import { Pyramid } from '../../../src/engine/index.ts';
import type { Trace } from '../../../src/evaluate/trace.ts';
import { readModelFolder } from '../../../src/pyramid/folder/disk-model.ts';
import type { Dataset } from '../../../src/text/example.ts';
import { randomModel, WORDS } from '../../support/random-model.ts';
import { randomTrace } from '../../support/random-trace.ts';
import { serve } from '../../support/serve.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { cli } from '../fake.ts';

const root = temporaryFolder();
const shape = { layers: 4, hiddenSize: 32, heads: 4, intermediateSize: 64, labels: 3 };
const file = join(root, 'others.csv');
const TAU = 0.9;
let model: string;
let trace: Trace;
let before: string;
const rows: Dataset = {
  name: 'others.csv',
  labels: ['a', 'b', 'c'],
  pairs: false,
  examples: Array.from({ length: 2000 }, (_, i) => ({ text: `w${i}`, label: 0 })),
};

beforeAll(async () => {
  ({ dir: model } = await randomModel(root, 'model', { seed: 91, kind: 'pooled', prunes: true, tau: TAU }));
  writeFileSync(join(model, 'README.md'), '# A card\n');
  before = readFileSync(join(model, 'config.json'), 'utf8');
  trace = { ...randomTrace({ seed: 92, texts: 2000, shape }), labels: ['a', 'b', 'c'], dtype: 'fp32' };
});
beforeEach(() => writeFileSync(join(model, 'config.json'), before));

const services = (more: Partial<Services> = {}): Partial<Services> => ({
  labelledRows: async () => rows,
  outline: realServices.outline,
  freshRows: async (_, given) => given,
  trace: async () => ({ trace, own: { tau: TAU } }),
  writeAbstention: realServices.writeAbstention,
  writeTau: realServices.writeTau,
  ...more,
});
const calibrate = (args: readonly string[], more?: Partial<Services>) =>
  cli(['calibrate', '--model', model, ...args], services(more));
const info = async () => (await readModelFolder(model)).info;
const abstain = ['--abstain', '0.9', '--calibration', file];

/** Rewrites config.json's `pyramid` object. */
function change(more: object): void {
  const path = join(model, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...config, pyramid: { ...config.pyramid, ...more } }));
}

describe('calibrate --abstain', () => {
  test('certifies a score at the model’s own tau, which the folder, its card and the sentence then say', async () => {
    const { abstention: made } = certifyAbstention(trace, TAU, { accuracy: 0.9, confidence: 0.9 });
    expect(made!.minScore).toBeGreaterThan(0.4);
    const { code, stdout } = await calibrate([...abstain, '--confidence', '0.9']);
    expect(code).toBe(0);
    const words = `Answers with a score below ${made!.minScore} are "unsure": of the others at least 90 % are right, at 90 % confidence (2,000 rows:`;
    expect(stdout).toContain(words);
    expect(stdout).toContain(`This holds at tau ${TAU}`);
    expect(await info()).toMatchObject({ tau: TAU, abstention: made });
    expect(readFileSync(join(model, 'README.md'), 'utf8')).toContain(words);
    const json = JSON.parse((await calibrate([...abstain, '--confidence', '0.9', '--json'])).stdout);
    expect(json.abstention).toEqual(made);
  });

  test('leaves a certified tau certified, stays where tau does, and is void where tau is another', async () => {
    await calibrate(['--calibration', file, '--max-drop', '0.05']);
    const { tau, certificate } = await info();
    expect(tau).not.toBeNull();
    await calibrate(abstain);
    expect(await info()).toMatchObject({ tau, tauFrom: 'certified', certificate, abstention: { tau } });
    await calibrate(['--calibration', file, '--max-drop', '0.05']);
    expect((await info()).abstention).toMatchObject({ tau });
    await calibrate(['--calibration', file, '--max-drop', '0.2']);
    const now = await info();
    expect(now.tau).not.toBe(tau);
    expect(now.abstention).toBeUndefined();
    expect(now.abstentionVoid).toBe(`it is for tau ${tau}, and tau was changed to ${now.tau} since`);
    expect(readFileSync(join(model, 'README.md'), 'utf8')).not.toContain('unsure');
  });

  test('holds for the dtype that it was found in, and is void in another', async () => {
    await calibrate(abstain);
    const { infoFor } = await import('../../../src/pyramid/folder/pyramid-info.ts');
    const { abstention, abstentionVoid } = infoFor(await info(), 'int8');
    expect([abstention, abstentionVoid]).toEqual([undefined, 'it is for fp32, and the model is run in int8']);
    await realServices.writeAbstention(model, 'int8', null);
    expect((await info()).forDtype).toBeUndefined();
  });

  test('0 makes the model answer every text again', async () => {
    await calibrate(abstain);
    const { code, stdout } = await calibrate(['--abstain', '0']);
    expect([code, stdout]).toEqual([0, `${model}: every text is answered\n`]);
    const { abstention, tau } = await info();
    expect([abstention, tau]).toEqual([undefined, TAU]);
  });

  test.each([
    [[], /--abstain was given without rows; .*--calibration/],
    [['--calibration', file, '--trace', 'a.jsonl'], /both --calibration and --trace/],
    [['--calibration', file, '--max-drop', '0.01'], /--max-drop has no use beside --abstain/],
    [['--calibration', file, '--risk', 'harm'], /--risk has no use beside --abstain/],
  ])('with %j ends in a sentence and writes nothing', async (args, sentence) => {
    const { code, stderr } = await calibrate(['--abstain', '0.9', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(readFileSync(join(model, 'config.json'), 'utf8')).toBe(before);
  });

  test('says how many rows it takes where there are too few, and changes nothing', async () => {
    const few = { ...trace, entries: trace.entries.slice(0, 20) };
    const { code, stderr } = await calibrate(abstain, { trace: async () => ({ trace: few, own: { tau: TAU } }) });
    expect(code).toBe(2);
    expect(stderr).toMatch(/20 rows certify at no score that 90 % of the answers are right; it takes about [\d,]+/);
    expect(readFileSync(join(model, 'config.json'), 'utf8')).toBe(before);
  });

  test('is refused where a label is called unsure, or answers are not one of several labels', async () => {
    const other = await randomModel(root, 'own-label', {
      seed: 1,
      kind: 'cls',
      prunes: false,
      labels: ['sure', 'unsure'],
    });
    const many = await randomModel(root, 'many', {
      ...{ seed: 2, kind: 'none', prunes: false },
      problemType: 'multi_label_classification',
    });
    const ask = (dir: string) => cli(['calibrate', '--model', dir, ...abstain], services());
    expect((await ask(other.dir)).stderr).toMatch(/one of the labels is called "unsure" itself/);
    expect((await ask(many.dir)).stderr).toMatch(/does not answer with one of several labels/);
  });
});

describe('a model that abstains', () => {
  const texts = WORDS.slice(0, 60).map((word, i) => `${word} ${WORDS[(i * 7) % 200]}`);

  test('answers "unsure", with the ranking, just where the score is too low', async () => {
    const pyramid = await Pyramid.load(model, { workers: 1 });
    const plain = await pyramid.classify(texts);
    await pyramid.close();
    const scores = plain.map(({ score }) => score).sort((a, b) => a - b);
    const minScore = scores[30];
    const { abstention: facts } = certifyAbstention(trace, TAU, { accuracy: 0.9 });
    await realServices.writeAbstention(model, 'fp32', { ...facts!, minScore });

    const abstaining = await Pyramid.load(model, { workers: 1 });
    const answers = await abstaining.classify(texts);
    const explained = await abstaining.explain(texts[0]);
    await abstaining.close();
    expect(answers.map(({ score }) => score)).toEqual(plain.map(({ score }) => score));
    answers.forEach(({ label, score, scores: ranking }, i) => {
      expect(label).toBe(score < minScore ? 'unsure' : plain[i].label);
      // all three labels
      expect(Object.keys(ranking ?? {})).toHaveLength(score < minScore ? 3 : 0);
      if (ranking) expect(Object.keys(ranking)[0]).toBe(plain[i].label);
    });
    expect(answers.filter(({ label }) => label === 'unsure')).toHaveLength(30);
    expect(explained).toMatchObject({ label: plain[0].label, unsure: plain[0].score < minScore });

    const { post } = await serve({ m: model });
    const first = answers.slice(0, 20);
    const { results } = (await post('/v1/classify', { inputs: texts.slice(0, 20) })).body;
    expect(results.map(({ label }: { label: string }) => label)).toEqual(first.map(({ label }) => label));
    // another batch rounds otherwise, in the eighth digit
    const names = (answer: { readonly scores?: object }) => Object.keys(answer.scores ?? {});
    expect(results.map(names)).toEqual(first.map(names));
    const labels = first.map(({ label }) => label);
    const { data } = (await post('/classify', { input: texts.slice(0, 20) })).body;
    expect(data.map(({ label }: { label: string }) => label)).toEqual(labels);
    const inputs = [{ name: 'text', shape: [20], datatype: 'BYTES', data: texts.slice(0, 20) }];
    const { outputs } = (await post('/v2/models/m/infer', { inputs, outputs: [{ name: 'label' }] })).body;
    expect(outputs[0].data).toEqual(labels);
  });

  test('answers every text, and warns once, where its tau or its settings were changed since', async () => {
    await calibrate(abstain);
    change({ tau: 0.5 });
    const { abstention, abstentionVoid } = await info();
    expect(abstention).toBeUndefined();
    expect(abstentionVoid).toBe('it is for tau 0.9, and tau was changed to 0.5 since');
    const warnings: string[] = [];
    const note = ({ message }: Error) => warnings.push(message);
    process.on('warning', note);
    const pyramid = await Pyramid.load(model, { workers: 1 });
    const answers = await pyramid.classify(texts);
    await pyramid.close();
    process.off('warning', note);
    expect(answers.some(({ label }) => label === 'unsure')).toBe(false);
    expect(warnings.filter((one) => one.includes('answers every text'))).toHaveLength(1);
    change({ tau: TAU, maxLength: 12 });
    expect((await info()).abstentionVoid).toBe('settings of the model were changed since it was made');
  });

  test.each([
    ['is no object', 3, 'pyramid.abstention is not an object'],
    ['lacks its score', { format: 1 }, 'pyramid.abstention.minScore is undefined, not a number from 0 to 1'],
  ])('whose folder %s is refused', async (_, value, problem) => {
    change({ abstention: value });
    await expect(info()).rejects.toThrow(problem);
  });
});
