import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { measureClock } from '../../src/measure/clock.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = randomTexts(91, 300).map((text) => (typeof text === 'string' ? { text } : text));

describe('a model on the clock', () => {
  test('is timed at its tau and run to the end, on a machine that is named by its processor alone', async () => {
    const { dir } = await randomModel(root, 'exits', {
      seed: 91,
      kind: 'pooled',
      prunes: false,
      layers: 12,
      hiddenSize: 64,
    });
    const clock = await measureClock(dir, { rows: 'validation', texts, tau: 1 });
    expect(Object.keys(clock.machine).sort()).toEqual(['cpu', 'threads']);
    expect(clock.machine.threads).toBe(Math.min(availableParallelism(), 8));
    expect(clock).toMatchObject({ rows: 'validation', msPerTextBert: null });
    expect(clock.texts).toBeGreaterThanOrEqual(16);
    expect(clock.texts).toBeLessThanOrEqual(300);
    // at tau 1 every text leaves before the first of twelve layers
    expect(clock.msPerTextToTheEnd!).toBeGreaterThan(clock.msPerText);
  });

  test('without a tau has one time, of the model run to the end', async () => {
    const { dir } = await randomModel(root, 'plain', { seed: 92, kind: 'none', prunes: false, layers: 2 });
    const clock = await measureClock(dir, { rows: 'test', texts: texts.slice(0, 5), tau: null });
    expect(clock).toMatchObject({ rows: 'test', texts: 5, msPerTextToTheEnd: null });
    expect(clock.msPerText).toBeGreaterThan(0);
  });

  test('gives up when it is asked to stop, and is refused without texts', async () => {
    const { dir } = await randomModel(root, 'stopped', { seed: 93, kind: 'none', prunes: false, layers: 2 });
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(measureClock(dir, { rows: 'test', texts, tau: null, signal })).rejects.toThrow('stopped');
    await expect(measureClock(dir, { rows: 'test', texts: [], tau: null })).rejects.toMatchObject({
      code: 'MP_DATA_EMPTY',
    });
  });
});
