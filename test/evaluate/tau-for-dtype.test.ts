/** A tau holds for the dtype that it was chosen with: from a trace in int8 to a model that uses it in int8 alone. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { realServices } from '../../src/cli/real-services.ts';
import { Pyramid } from '../../src/engine/index.ts';
import { judge } from '../../src/evaluate/judge.ts';
import { readTrace } from '../../src/evaluate/trace.ts';
import { quantize } from '../../src/measure/quantize.ts';
import { cli } from '../cli/fake.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = randomTexts(71, 150);
const file = join(root, 'rows.csv');
const trace = join(root, 'int8.trace.jsonl');
let model: string;

/** The model as it is run in `dtype`, and the warnings of a call without a tau. */
async function loaded<T>(dir: string, dtype: 'fp32' | 'int8', work: (pyramid: Pyramid) => Promise<T>) {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const pyramid = await Pyramid.load(dir, { workers: 1, dtype });
  try {
    const value = await work(pyramid);
    return { tau: pyramid.info.tau, value, warnings: warn.mock.calls.map(([text]) => String(text)) };
  } finally {
    await pyramid.close();
    warn.mockRestore();
  }
}

const command = async (...args: string[]) => {
  const { code, stdout, stderr } = await cli(args, realServices);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
};

beforeAll(async () => {
  ({ dir: model } = await randomModel(root, 'model', { seed: 71, kind: 'pooled', prunes: true, tau: 0.8 }));
  const pyramid = await Pyramid.load(model, { workers: 1 });
  const answers = await pyramid.classify(texts, { tau: null });
  await pyramid.close();
  await writeFile(file, ['label,text', ...answers.map(({ label }, i) => `${label},${texts[i]}`)].join('\n'));
});

describe('a tau', () => {
  test('that was chosen for fp32 is not used in int8: exits are off there, with one warning', async () => {
    const { tau, value, warnings } = await loaded(model, 'int8', async (pyramid) => [
      ...(await pyramid.classify(texts)),
      await pyramid.classify(texts[0]),
    ]);
    expect(tau).toBeNull();
    expect(new Set(value.map(({ exit }) => exit))).toEqual(new Set([4]));
    expect(warnings).toEqual([
      expect.stringMatching(/^early exit is off: the model's tau, 0\.8, was not chosen for int8/),
    ]);
    const given = await loaded(model, 'int8', (pyramid) => pyramid.classify(texts, { tau: 0.8 }));
    expect(given.warnings).toEqual([]);
    expect(new Set(given.value.map(({ exit }) => exit)).size).toBeGreaterThan(1);
  });

  test('chosen from an int8 trace is used in int8, and the one for fp32 is still used in fp32', async () => {
    await command('evaluate', '--model', model, '--test', file, '--dtype', 'int8', '--trace', trace);
    expect(existsSync(trace)).toBe(true);
    const found = JSON.parse(
      await command('calibrate', '--model', model, '--trace', trace, '--max-drop', '0.5', '--json'),
    );
    expect(found).toMatchObject({ dtype: 'int8', tau: expect.any(Number) });
    const quick = await loaded(model, 'int8', (pyramid) => pyramid.classify(texts));
    expect(quick).toMatchObject({ tau: found.tau, warnings: [] });
    // what was calibrated is what runs
    const judged = judge(await readTrace(trace), found.tau);
    const exits = quick.value.map(({ exit }) => exit);
    expect(exits.reduce((sum, exit) => sum + exit, 0) / exits.length).toBeCloseTo(judged.meanExit, 10);
    expect(await loaded(model, 'fp32', (pyramid) => pyramid.classify(texts[0]))).toMatchObject({
      tau: 0.8,
      warnings: [],
    });
  });

  test('goes with its dtype into a quantized copy', async () => {
    const found = await loaded(model, 'int8', async () => {});
    const out = join(root, 'quantized');
    const rows = await realServices.labelledRows(
      { task: null, dataDir: null, file, text: null, pair: null, label: null },
      model,
      () => {},
    );
    const made = await quantize({ model, rows, maxDisagreement: 1, out });
    expect(made.tauVoid).toBe(false);
    expect((await loaded(out, 'int8', async () => {})).tau).toBe(found.tau);
    expect((await loaded(out, 'fp32', async () => {})).tau).toBe(0.8);
  });
});
