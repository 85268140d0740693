/** A served model without HTTP: what it waits for before its engine ends. */
import { expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import type { ModelCard } from '../../src/serve/served-model.ts';
import { ServedPyramid } from '../../src/serve/served-pyramid.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();

test('a text that waits for room when its model is replaced is answered before the engine ends', async () => {
  const { dir } = await randomModel(root, 'm', { seed: 71, kind: 'pooled', prunes: false, tau: 0.5 });
  const pyramid = await Pyramid.load(dir, { workers: 1 });
  let goOn = () => {};
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const held = {
    detail: async (...given: Parameters<Pyramid['detail']>) => {
      await gate;
      return pyramid.detail(...given);
    },
    close: () => pyramid.close(),
  } as unknown as Pyramid;
  const served = new ServedPyramid(held, {
    dir,
    card: { name: 'm', layers: 4, maxLength: 48 } as ModelCard,
    limits: { maxClientBatchSize: 8, maxTextLength: 1000, maxBatchTokens: 4 },
    policy: { kind: 'fixed', tau: null, sloMs: null },
    onAnswer: () => {},
  });
  const first = served.classify(['w1 w2 w3']);
  expect(served.isFull).toBe(true);
  const patient = served.classify(['w4'], { patient: true });
  await expect(served.classify(['w5'])).rejects.toMatchObject({ code: 'MP_OVERLOADED' });
  const drained = served.drain();
  goOn();
  expect((await first).results).toHaveLength(1);
  expect((await patient).results).toHaveLength(1);
  await drained;
  await expect(served.classify(['w6'])).rejects.toMatchObject({ code: 'MP_CLOSED' });
});
