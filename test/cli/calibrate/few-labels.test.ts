import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { certifyFewLabels, textsWorthLabelling } from '../../../src/certify/index.ts';
import { realServices } from '../../../src/cli/real-services.ts';
import type { Services } from '../../../src/cli/services.ts';
import type { Trace } from '../../../src/evaluate/trace.ts';
import { readModelFolder } from '../../../src/pyramid/folder/disk-model.ts';
import { randomModel } from '../../support/random-model.ts';
import { randomTrace } from '../../support/random-trace.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { cli } from '../fake.ts';

const root = temporaryFolder();
const shape = { layers: 4, hiddenSize: 32, heads: 4, intermediateSize: 64, labels: 3 };
const TEXTS = 4000;
const how = { risk: 'net-drop', maxRisk: 0.05, confidence: 0.95, budget: 120, seed: 3 } as const;
const traffic = join(root, 'traffic.txt');
const out = join(root, 'to-label.csv');
let model: string;
let trace: Trace;
let before: string;

beforeAll(async () => {
  ({ dir: model } = await randomModel(root, 'model', { seed: 91, kind: 'pooled', prunes: true, tau: 0.9 }));
  before = readFileSync(join(model, 'config.json'), 'utf8');
  trace = { ...randomTrace({ seed: 95, texts: TEXTS, shape }), labels: ['a', 'b', 'c'], dtype: 'fp32' };
  writeFileSync(traffic, Array.from({ length: TEXTS }, (_, i) => `=w${i}, "quoted"`).join('\n'));
});
beforeEach(() => {
  writeFileSync(join(model, 'config.json'), before);
  rmSync(out, { force: true });
});

const { unlabelledTexts, labels, labelColumn, settings, writeTau } = realServices;
const calibrate = (args: readonly string[], more: Partial<Services> = {}) =>
  cli(['calibrate', '--model', model, ...args], {
    ...{ unlabelledTexts, labels, labelColumn, settings, writeTau, outline: realServices.outline },
    freshRows: async (_, rows) => rows,
    trace: async () => ({ trace, own: { tau: null } }),
    ...more,
  });
const draw = (...more: string[]) =>
  calibrate([...['--unlabelled', traffic, '--max-drop', '0.05', '--label-budget', '120', '--seed', '3'], ...more]);
const table = () => parse(readFileSync(out, 'utf8'), { columns: true }) as Record<'id' | 'text' | 'label', string>[];
const label = (rows: readonly object[]) =>
  writeFileSync(
    out,
    [
      'id,text,label',
      ...rows.map((row) =>
        Object.values(row)
          .map((cell) => JSON.stringify(cell).replaceAll('\\"', '""'))
          .join(),
      ),
    ].join('\n'),
  );
/** What a person knows: the labels of the trace. */
const labelled = () => table().map((row) => ({ ...row, label: 'abc'[trace.entries[Number(row.id) - 1].label] }));

describe('calibrate with few labels', () => {
  test('writes the texts worth labelling, and certifies once they are labelled, in any order', async () => {
    const { code, stdout } = await draw('--out', out);
    const plan = textsWorthLabelling(trace, how);
    expect(code).toBe(0);
    expect(plan.texts.length).toBeGreaterThan(20);
    expect(stdout).toContain(`to-label.csv: ${plan.texts.length} texts to label. Of 4,000 texts`);
    const rows = table();
    expect(rows.map(({ id }) => Number(id) - 1)).toEqual(plan.texts);
    // a spreadsheet takes no text for a formula
    expect(rows[0]).toEqual({ id: rows[0].id, text: `'=w${plan.texts[0]}, "quoted"`, label: '' });
    expect(readFileSync(join(model, 'config.json'), 'utf8')).toBe(before);

    label(labelled().reverse());
    const done = await calibrate(['--labels', out]);
    const truth = new Map(plan.texts.map((i) => [i, trace.entries[i].label]));
    const { certificate } = certifyFewLabels(trace, truth, how);
    expect(certificate.tau).not.toBeNull();
    expect(done.stdout).toContain(`tau ${certificate.tau}, certified: it loses at most 5 points of accuracy`);
    expect(done.stdout).toContain(`(4,000 texts, ${plan.texts.length} of them labelled:`);
    const { info } = await readModelFolder(model);
    expect(info).toMatchObject({ tau: certificate.tau, tauFrom: 'certified', certificate });
  });

  test('names the line of a label that is missing or unknown, and keeps the model as it was', async () => {
    await draw('--out', out);
    const rows = labelled();
    const refused = async (changed: readonly object[], message: RegExp) => {
      label(changed);
      const { code, stderr } = await calibrate(['--labels', out]);
      expect(code).toBeGreaterThan(0);
      expect(stderr).toMatch(message);
    };
    await refused(rows.with(4, { ...rows[4], label: '' }), /to-label\.csv:6: there is no label/);
    await refused(rows.with(7, { ...rows[7], label: 'd' }), /to-label\.csv:9: .*"d"/);
    await refused(
      rows.with(2, { ...rows[2], id: '99999' }),
      /to-label\.csv:4: the id "99999" is none of the texts to label/,
    );
    await refused(rows.with(2, rows[1]), /to-label\.csv:4: the id \d+ stands there twice/);
    await refused(
      rows.slice(1),
      /to-label\.csv lacks 1 of the \d+ texts to label, the first with the id \d+; label all of them/,
    );
    expect(readFileSync(join(model, 'config.json'), 'utf8')).toBe(before);
  });

  test('refuses labels for a model that has changed since, and a file without its description', async () => {
    await draw('--out', out);
    label(labelled());
    const config = JSON.parse(before);
    writeFileSync(
      join(model, 'config.json'),
      JSON.stringify({ ...config, pyramid: { ...config.pyramid, maxLength: 20 } }),
    );
    const changed = await calibrate(['--labels', out]);
    expect([changed.code, changed.stderr]).toEqual([2, expect.stringContaining('is not what it was when')]);
    const lone = join(root, 'lone.csv');
    writeFileSync(lone, readFileSync(out));
    const { stderr } = await calibrate(['--labels', lone]);
    expect(stderr).toMatch(/lone\.csv\.json: .*description of the texts to label/);
  });

  test('keeps a file that may hold labels', async () => {
    writeFileSync(out, 'hours of work');
    const trace = () => {
      throw new Error('run for nothing');
    };
    const args = ['--unlabelled', traffic, '--max-drop', '0.05', '--out', out];
    const { code, stderr } = await calibrate(args, { trace });
    expect([code, stderr]).toEqual([2, expect.stringContaining('to-label.csv exists, and may hold labels; give')]);
    expect(readFileSync(out, 'utf8')).toBe('hours of work');
  });

  test('says what is missing, and that a budget is too small', async () => {
    expect((await draw()).stderr).toMatch(/--out is missing/);
    expect((await draw('--out', 'x.json')).stderr).toMatch(/--out is x\.json; give a name that ends in \.csv/);
    expect((await draw('--out', out, '--risk', 'disagreement')).stderr).toMatch(/disagreement needs no labels/);
    const none = await calibrate(['--unlabelled', traffic, '--out', out]);
    expect(none.stderr).toMatch(/--max-drop is missing/);
    const args = ['--unlabelled', traffic, '--out', join(root, 'new.csv')];
    expect((await calibrate([...args, '--max-drop', '1'])).stderr).toMatch(/--max-drop is 1, and nothing can/);
    const counted = await calibrate([...args, '--max-drop', '0.05', '--by', 'paper']);
    expect(counted.stderr).toMatch(/--by has no use beside --unlabelled/);
    const few = { ...trace, entries: trace.entries.slice(0, 50) };
    const path = join(root, 'few.csv');
    const { code, stderr } = await calibrate(['--unlabelled', traffic, '--max-drop', '0.001', '--out', path], {
      trace: async () => ({ trace: few, own: { tau: null } }),
    });
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/too often for 200 labels and 50 texts to certify 0\.1 points/),
    ]);
    expect(existsSync(path)).toBe(false);
  });
});
