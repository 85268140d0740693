import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { realServices } from '../../src/cli/real-services.ts';
import type { Services } from '../../src/cli/services.ts';
import { type PieceCost, Pyramid } from '../../src/engine/index.ts';
import { judge } from '../../src/evaluate/judge.ts';
import { withAsked } from '../../src/evaluate/plan-peeks.ts';
import { costsOf, measurePeeks } from '../../src/measure/measure-peeks.ts';
import { runTrace } from '../../src/measure/run-trace.ts';
import { cli } from '../cli/fake.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = randomTexts(81, 200);
const piece = (kind: PieceCost['kind'], layer: number, texts: number, ms: number): PieceCost => ({
  kind,
  layer,
  batches: 1,
  texts,
  ms,
});

describe('costs by layer', () => {
  const whole = [[1, 2, 3].flatMap((layer) => [piece('peek', layer, 100, 50), piece('block', layer, 100, 400)])];

  test('are the least of the passes at the tau, and those with exits off where too few texts got there', () => {
    const early = [
      [piece('peek', 1, 100, 30), piece('block', 1, 40, 200), piece('peek', 2, 40, 40), piece('block', 2, 3, 90)],
      [piece('peek', 1, 100, 20), piece('block', 1, 40, 400), piece('peek', 2, 40, 60), piece('block', 2, 3, 80)],
    ];
    expect(costsOf(3, 'peek', early, whole)).toEqual({ ask: [0.2, 1], run: [5, 4, 0.5] });
  });

  test('of heads that are asked after their layer are those of the heads', () => {
    const heads = [[...whole[0], piece('head', 1, 100, 70), piece('head', 2, 100, 80)]];
    expect(costsOf(3, 'head', [], heads).ask).toEqual([0.7, 0.8]);
    expect(() => costsOf(3, 'head', [], whole)).toThrow('no text has been through the head of layer 1');
  });
});

test('a model with a floor 0 is measured with it', async () => {
  const { dir } = await randomModel(root, 'floor', { seed: 82, kind: 'pooled', prunes: true, floor: true });
  await using pyramid = await Pyramid.load(dir, { workers: 1, askAll: true });
  const { floor, ask, run } = await measurePeeks(pyramid, texts, 0.5);
  expect(floor).toBeGreaterThan(0);
  expect(floor).toBeLessThan(Math.min(...ask));
  expect(run).toHaveLength(4);
});

describe.each(['pooled', 'fastbert'] as const)('a model with %s heads', (kind) => {
  test('counts the texts and the time of each piece, even of heads that the folder does not ask', async () => {
    const { dir } = await randomModel(root, kind, { seed: 81, kind, prunes: true });
    const path = join(dir, 'config.json');
    const config = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...config, pyramid: { ...config.pyramid, asked: [false, false, false] } }));
    const pyramid = await Pyramid.load(dir, { workers: 2, askAll: true });
    const answers = await pyramid.classify(texts, { tau: 0.8 });
    const pieces = await pyramid.pieceCosts();
    const asking = kind === 'pooled' ? 'peek' : 'head';
    for (const layer of [1, 2, 3]) {
      const got = answers.filter(({ exit }) => exit >= layer).length;
      const went = answers.filter(({ exit }) => (kind === 'pooled' ? exit > layer : exit >= layer)).length;
      expect(pieces.find((one) => one.kind === asking && one.layer === layer)?.texts ?? 0).toBe(got);
      expect(pieces.find((one) => one.kind === 'block' && one.layer === layer)?.texts ?? 0).toBe(went);
    }
    expect(pieces.every(({ ms, batches, texts }) => ms > 0 && batches > 0 && batches <= texts)).toBe(true);
    const { ask, run } = await measurePeeks(pyramid, texts, 0.8);
    expect([ask.length, run.length]).toEqual([3, 4]);
    for (const ms of [...ask, ...run]) {
      expect(ms).toBeGreaterThan(0);
      expect(ms).toBeLessThan(50);
    }
    expect(await pyramid.queueLevels()).toEqual([0, 0, 0, 0, 0]);
    const many = pyramid.classify(randomTexts(5, 5000), { tau: 0.8 });
    let isOver = false;
    void many.then(() => (isOver = true));
    const seen = [0, 0, 0, 0, 0];
    while (!isOver) {
      const levels = await pyramid.queueLevels();
      expect(levels).toHaveLength(5);
      for (const [level, texts] of levels.entries()) seen[level] = Math.max(seen[level], texts);
    }
    expect(seen[0]).toBeGreaterThan(1000);
    // in each layer, as seen by the workers themselves
    expect(Math.min(...seen.slice(1))).toBeGreaterThan(0);
    await many;
    await pyramid.close();
    await expect(pyramid.pieceCosts()).rejects.toMatchObject({ code: 'MP_CLOSED' });
  });
});

describe('calibrate --plan-peeks', () => {
  const args = ['--max-drop', '0.1', '--plan-peeks'];
  const file = join(root, 'rows.csv');

  async function model(name: string): Promise<{ dir: string; info: () => Promise<Record<string, unknown>> }> {
    const { dir } = await randomModel(root, name, { seed: 82, kind: 'pooled', prunes: true });
    const pyramid = await Pyramid.load(dir, { workers: 1 });
    const answers = await pyramid.classify(texts, { tau: null });
    await pyramid.close();
    await writeFile(file, ['label,text', ...answers.map(({ label }, i) => `${label},${texts[i]}`)].join('\n'));
    return { dir, info: async () => JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')).pyramid };
  }
  const calibrate = (dir: string, more: readonly string[], services: Partial<Services> = {}) =>
    cli(['calibrate', '--model', dir, '--validation', file, ...args, ...more], { ...realServices, ...services });

  test('keeps the heads that pay by the costs, and a tau that was chosen with these alone', async () => {
    const { dir, info } = await model('planted');
    // the second head costs more than all layers
    const costs = { ask: [0.01, 9, 0.01], run: [1, 1, 1, 0.1] };
    const seen: unknown[] = [];
    const { code, stdout } = await calibrate(dir, ['--json'], {
      async measurePeeks(_, given, tau, dtype) {
        seen.push(given.length, tau, dtype);
        return costs;
      },
    });
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    expect(found.asked[1]).toBe(false);
    expect(found.asked).toContain(true);
    expect(found.plan.msPerText).toBeLessThan(found.plan.msPerTextAllHeads);
    expect(seen).toEqual([200, expect.any(Number), 'fp32']);
    expect(await info()).toMatchObject({ asked: found.asked, tau: found.tau, calibration: { plan: found.plan } });
    // the figures are those of the model as it is run from now on
    const rows = await realServices.labelledRows(
      { task: null, dataDir: null, file, text: null, pair: null, label: null },
      dir,
      () => {},
    );
    const trace = await runTrace(dir, rows);
    expect(judge(trace, found.tau).accuracy).toBe(found.accuracy);
    expect(trace.entries.every(({ logits }) => logits[1].length === 0)).toBe(true);
    expect(withAsked(trace, found.asked)).toEqual(trace);
    // and a second plan is made from all heads again
    const free = { ask: [0, 0, 0], run: [1, 1, 1, 0.1] };
    await calibrate(dir, [], { measurePeeks: async () => free });
    expect((await info()).asked).toEqual([true, true, true]);
  });

  test('measures this machine, and says what the plan gains', async () => {
    const { dir, info } = await model('measured');
    const { code, stdout, stderr } = await calibrate(dir, []);
    expect([code, stderr]).toEqual([0, 'measuring how long heads and layers take on this machine\n']);
    expect(stdout).toMatch(
      /\nasks the exit heads of .*: \d\.\d{3} ms per text on one worker of this machine, \d\.\d{3} ms with all 3 heads\n$/,
    );
    const { asked, calibration } = await info();
    expect(asked).toHaveLength(3);
    const { plan } = calibration as { plan: { msPerText: number; msPerTextAllHeads: number } };
    expect(plan.msPerText).toBeLessThanOrEqual(plan.msPerTextAllHeads);
  });

  test('does not go with a trace, since it runs the model', async () => {
    const { code, stderr } = await cli(['calibrate', '--model', 'm', '--trace', 't', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('both --trace and --plan-peeks were given')]);
  });
});
