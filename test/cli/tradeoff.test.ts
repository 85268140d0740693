import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { realServices } from '../../src/cli/real-services.ts';
import type { Services } from '../../src/cli/services.ts';
import { judge, type Trace, tradeoff, writeTrace } from '../../src/evaluate/index.ts';
import { randomTrace, smallShape } from '../support/random-trace.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { cli } from './fake.ts';

const folder = temporaryFolder();
const path = join(folder, 'rows.trace.jsonl');
const model = join(folder, 'model');
const config = { model_type: 'bert', hidden_size: 8, pyramid: { format: 1, method: 'mp', exitHead: 'cls', tau: 0.9 } };
let trace: Trace;

beforeAll(async () => {
  trace = randomTrace({ seed: 8, texts: 120, shape: smallShape, headKind: 'cls', pruned: true });
  await writeTrace(path, trace);
  await mkdir(model);
});

const stored = () => JSON.parse(readFileSync(join(model, 'config.json'), 'utf8'));
const calibrate = (...args: string[]) => {
  writeFileSync(join(model, 'config.json'), JSON.stringify(config));
  const services: Partial<Services> = { writeTau: realServices.writeTau };
  return cli(['calibrate', '--model', model, ...args], services);
};

describe('tradeoff', () => {
  test('gives the curve of a trace as JSON and CSV, whole, and as a table of some of its points', async () => {
    const curve = tradeoff(trace);
    const json = await cli(['tradeoff', '--trace', path, '--json']);
    expect(JSON.parse(json.stdout)).toEqual(curve);
    const csv = (await cli(['tradeoff', '--trace', path, '--csv'])).stdout.trimEnd().split('\n');
    expect(csv).toHaveLength(1 + curve.length);
    expect(csv[0].split(',').slice(0, 2)).toEqual(['tau', 'accuracy']);
    expect(csv[1].split(',').slice(0, 2)).toEqual(['', String(curve[0].accuracy)]);
    const table = (await cli(['tradeoff', '--trace', path])).stdout.trimEnd().split('\n');
    expect(table).toHaveLength(2 + 25);
    expect(table[2].trim()).toMatch(/^off /);
  });

  test('of a model without a network is how right it is, and no column that does not apply', async () => {
    const none = { ...smallShape, layers: 0, hiddenSize: 0, heads: 0, intermediateSize: 0, labels: 2 };
    const floor = { weight: 1, prior: [0, 0], scale: 1 };
    const all = randomTrace({ seed: 4, texts: 80, shape: none, headKind: 'none', floor });
    const linear = join(folder, 'linear.trace.jsonl');
    await writeTrace(linear, { ...all, entries: all.entries.filter((one) => one.floor) });
    const [heads, , row, ...more] = (await cli(['tradeoff', '--trace', linear])).stdout.trimEnd().split('\n');
    expect(heads.trim().split(/ {2,}/)).toEqual(['Accuracy', 'F1']);
    expect(row.trim()).toMatch(/^[\d.]+ % +[\d.]+ %$/);
    expect(more).toEqual([]);
  });

  test('runs a model on rows where there is no trace', async () => {
    const calls: unknown[] = [];
    const { code, stdout } = await cli(['tradeoff', '--model', 'm', '--test', 'rows.csv', '--json'], {
      model: async (dir) => `there/${dir}`,
      async labelledRows(source, dir) {
        calls.push([source.file, dir]);
        return { name: 'rows', labels: [], pairs: false, examples: [] };
      },
      async trace(dir) {
        calls.push(dir);
        return { trace, own: { tau: null } };
      },
    });
    expect(code).toBe(0);
    expect(calls).toEqual([['rows.csv', 'there/m'], 'there/m']);
    expect(JSON.parse(stdout)).toHaveLength(tradeoff(trace).length);
  });

  test.each([
    [[], /there is no trace and no model; give --trace/],
    [['--trace', 'x', '--test', 'y'], /--trace was given beside/],
    [['--model', 'm'], /there are no rows to evaluate on/],
    [['--trace', path, '--csv', '--json'], /both --csv and --json/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await cli(['tradeoff', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('calibrate', () => {
  test('keeps the cheapest tau within a drop, and changes nothing else of config.json', async () => {
    const { code, stdout } = await calibrate('--trace', path, '--max-drop', '0.05', '--json');
    expect(code).toBe(0);
    const { tau } = JSON.parse(stdout);
    const baseline = judge(trace, null).accuracy;
    expect(judge(trace, tau).accuracy).toBeGreaterThanOrEqual(baseline - 0.05 - 1e-9);
    const { pyramid, ...rest } = stored();
    expect({ ...rest, pyramid: { ...pyramid, tau: 0.9, tauFrom: undefined, calibration: undefined } }).toEqual(config);
    expect(pyramid.tauFrom).toBe('chosen');
    expect(pyramid.tau).toBe(tau);
    expect(pyramid.calibration).toMatchObject({ rows: 120, target: { maxDrop: 0.05 }, by: 'actual', baseline });
  });

  test('keeps the most accurate tau that is fast enough, in either count', async () => {
    for (const by of ['actual', 'paper'] as const) {
      const { code, stdout } = await calibrate('--trace', path, '--speedup', '1.5', '--by', by);
      expect(code).toBe(0);
      expect(stdout).toContain(
        `tau ${stored().pyramid.tau}, chosen, not certified, for fp32; on the 120 rows that it was chosen on`,
      );
      const fast = tradeoff(trace).filter(({ speedup }) => speedup[by]! >= 1.5);
      const chosen = judge(trace, stored().pyramid.tau);
      expect(chosen.speedup[by]).toBeGreaterThanOrEqual(1.5);
      expect(chosen.accuracy).toBe(Math.max(...fast.map(({ accuracy }) => accuracy)));
    }
  });

  test("stores a tau for another dtype next to the folder's own, with its dtype", async () => {
    const quick = join(folder, 'int8.trace.jsonl');
    await writeTrace(quick, { ...trace, dtype: 'int8' });
    const { code, stdout } = await calibrate('--trace', quick, '--max-drop', '0.05', '--json');
    const { tau, dtype } = JSON.parse(stdout);
    expect([code, dtype]).toEqual([0, 'int8']);
    const { tau: own, forDtype, calibration } = stored().pyramid;
    expect([own, calibration]).toEqual([0.9, undefined]);
    expect(forDtype).toEqual({
      int8: { tau, tauFrom: 'chosen', calibration: expect.objectContaining({ dtype: 'int8', rows: 120 }) },
    });
    const { stderr, code: refused } = await calibrate('--trace', quick, '--max-drop', '0', '--dtype', 'fp32');
    expect([refused, stderr]).toEqual([2, expect.stringContaining('was made with int8, and --dtype is fp32')]);
  });

  test('reads the validation rows of training if none are given', async () => {
    writeFileSync(join(model, 'config.json'), JSON.stringify(config));
    const rows = { name: 'held back', labels: [], pairs: false, examples: [] };
    const seen: unknown[] = [];
    const { code } = await cli(['calibrate', '--model', model, '--max-drop', '0'], {
      async validationRows(dir) {
        seen.push(dir);
        return rows;
      },
      async trace(_, given) {
        seen.push(given);
        return { trace, own: { tau: null } };
      },
      async writeTau() {},
    });
    expect([code, seen]).toEqual([0, [model, rows]]);
  });

  test.each([
    [['--trace', path], 2, /neither --max-drop nor --min-speedup was given; give one of them/],
    [['--trace', path, '--max-drop', '0', '--speedup', '2'], 2, /both --max-drop and --min-speedup/],
    [['--trace', path, '--speedup', '1000'], 1, /no tau makes this model 1000 times faster on these rows \(at most/],
  ])('refuses %j, and leaves the model as it was', async (args, exit, message) => {
    const { code, stderr } = await calibrate(...args);
    expect(code).toBe(exit);
    expect(stderr).toMatch(message);
    expect(stored()).toEqual(config);
  });

  test('refuses a model that has no exit heads', async () => {
    writeFileSync(join(model, 'config.json'), JSON.stringify({ pyramid: { method: 'ltp', exitHead: 'none' } }));
    const { stderr } = await cli(['calibrate', '--model', model, '--trace', path, '--max-drop', '0'], {
      writeTau: realServices.writeTau,
    });
    expect(stderr).toMatch(/no exit heads/);
  });
});
