/** Runs whose tau is certified, or could not be: what is trained, and what the folder, the record and the card say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readModelFolder } from '../../src/pyramid/folder/disk-model.ts';
import { type GivenTrainOptions, type TrainResult, train } from '../../src/train/index.ts';
import { figureSentences } from '../../src/train/output/figures.ts';
import { cli, trainOptions } from '../cli/fake.ts';
import { scratchDataset, tinyOptions, writeRows } from '../support/scratch-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const rows = writeRows(root, 'rows.csv', scratchDataset({ rows: 160, longest: 40 }));
const enough = writeRows(root, 'enough.csv', scratchDataset({ rows: 400, seed: 7, longest: 40 }));
const few = writeRows(root, 'few.csv', scratchDataset({ rows: 4, seed: 8, longest: 40 }));
// a network of a second's training loses much: a promise that it can keep
const asked = { maxDrop: 0.4, confidence: 0.6 };

interface Run {
  readonly result: TrainResult;
  readonly record: Record<string, never>;
  readonly card: string;
}
const run = async (name: string, given: GivenTrainOptions): Promise<Run> => {
  const out = join(root, name);
  const result = await train(tinyOptions({ train: rows, method: 'fastbert', out, ...asked, ...given }));
  const read = (file: string) => readFileSync(join(out, file), 'utf8');
  return { result, record: JSON.parse(read('training.json')), card: read('README.md') };
};
const modelOf = (name: string) => readModelFolder(join(root, name));

const runs: Record<'certified' | 'short' | 'chosen', Run> = {} as never;
beforeAll(async () => {
  runs.certified = await run('certified', { calibration: enough });
  runs.short = await run('short', { calibration: few, confidence: 0.99 });
  runs.chosen = await run('chosen', {});
});

describe('a run with rows enough to certify', () => {
  test('leaves a certified tau, with a certificate that holds for what was written', async () => {
    const { dial, tau } = runs.certified.result;
    expect(dial).toMatchObject({ from: 'certified', tau });
    const { info } = await modelOf('certified');
    expect(info).toMatchObject({ tau, tauFrom: 'certified' });
    expect(info.certificate).toMatchObject({
      ...{ risk: 'net-drop', against: 'network', maxRisk: 0.4, confidence: 0.6, tau },
      ...{ rows: 400, labelled: 400 },
    });
    expect(info.certificateVoid).toBeUndefined();
    const { atTau, exits } = info.certificate!;
    expect(atTau.upper).toBeGreaterThanOrEqual(atTau.estimate);
    expect(exits.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
  });

  test('says so in the record, on the card and at its end', () => {
    const { result, record, card } = runs.certified;
    expect(record).toMatchObject({
      dial: { from: 'certified', certificate: { rows: 400 } },
      data: { calibration: { rows: 400 } },
      options: { ...asked, calibration: enough, calibrationShare: null },
    });
    const words =
      'certified: it loses at most 40 points of accuracy against the model run to the end, at 60 % confidence (400 rows: ';
    // the section that later tools write anew, and nothing else
    expect(card.match(/certified/g)).toHaveLength(1);
    expect(card).toMatch(/\n## The dial\n\nFor fp32: tau \S+, certified: /);
    expect(figureSentences(result, 'a').join('\n')).toContain(`Tau ${result.tau} is ${words}`);
  });
});

test('rows that certify nothing leave a chosen tau, and how many more it takes', async () => {
  const { result } = runs.short;
  expect(result.dial).toMatchObject({ from: 'chosen', certificate: null, short: { rows: 4 } });
  expect(result.tau).toBe(runs.chosen.result.tau);
  expect(figureSentences(result, 'a').join('\n')).toContain('The 4 calibration rows certify no tau');
  const { info } = await modelOf('short');
  expect(info.certificate).toBeUndefined();
  expect(info.tauFrom).toBe(result.tau === null ? undefined : 'chosen');
});

test('without such rows tau is chosen, and named so everywhere', async () => {
  const { result, record, card } = runs.chosen;
  expect(result.dial).toMatchObject({ from: 'chosen', certificate: null, short: null });
  expect(record).toMatchObject({ dial: { from: 'chosen' } });
  expect(record.data).not.toHaveProperty('calibration');
  expect(card).toMatch(/\n## The dial\n\nFor fp32: tau \S+, chosen, not certified\.\n$/);
  expect(figureSentences(result, 'a').join('\n')).toContain('`magic-pyramid calibrate --model a --calibration FILE`');
  expect((await modelOf('chosen')).info).toMatchObject({ tau: result.tau, tauFrom: 'chosen' });
});

test('no weight, threshold or head hangs on the calibration rows', async () => {
  const [first, ...others] = await Promise.all(['certified', 'short', 'chosen'].map(modelOf));
  for (const other of others) {
    for (const [name, { data }] of first.parameters) expect(other.parameters.get(name)!.data).toEqual(data);
    for (const [name, { data }] of first.heads) expect(other.heads.get(name)!.data).toEqual(data);
  }
});

test('a file with training rows is refused before anything is trained', async () => {
  await expect(run('refused', { calibration: rows })).rejects.toThrow(
    /160 of 160 rows are also training or validation rows.*remove them from the file$/,
  );
});

test('the command line takes the options, and refuses what is out of range', async () => {
  const given = '--train a.csv --out x --calibration c.csv --max-drop 0.02 --confidence 0.9';
  const { options } = await trainOptions(...given.split(' '));
  expect(options).toMatchObject({ calibration: 'c.csv', calibrationShare: null, maxDrop: 0.02, confidence: 0.9 });
  const refused = async (flags: string) =>
    (await cli(['train', ...`--train a.csv --out x ${flags}`.split(' ')])).stderr;
  expect(await refused('--confidence 1')).toMatch(/--confidence is "1": give/);
  expect(await refused('--calibration-share 0.6')).toMatch(/--calibration-share is "0.6": give/);
  expect(await refused('--calibration c.csv --calibration-share 0.1')).toMatch(
    /both --calibration and --calibration-share were given; leave one of them out/,
  );
});
