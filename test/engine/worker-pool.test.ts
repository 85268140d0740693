/**
 * Worker threads that end while they work: by an exception that nobody catches, here of a message that is none.
 * (Ending one from outside while ONNX Runtime computes ends the process: its binding throws where nothing can catch.)
 */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = randomTexts(1, 1500);
let dir: string;
let pyramid: Pyramid;

beforeAll(async () => {
  ({ dir } = await randomModel(root, 'mp', { seed: 21, kind: 'pooled', prunes: true }));
  pyramid = await Pyramid.load(dir, { workers: 2 });
});
afterAll(() => pyramid.close());

async function crash(worker: Worker): Promise<void> {
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  worker.postMessage(null);
  await ended;
}

describe('a worker that ends in mid-run', () => {
  test('is replaced, and its texts are answered as if nothing had happened', async () => {
    const expected = await pyramid.classify(texts, { tau: 0.6 });
    const before = pyramid.workers.map(({ threadId }) => threadId);
    const call = pyramid.classify(texts, { tau: 0.6 });
    await new Promise((resolve) => setTimeout(resolve, 15));
    await crash(pyramid.workers[0]);
    const answers = await call;
    expect(answers.map(({ label, exit }) => [label, exit])).toEqual(expected.map(({ label, exit }) => [label, exit]));
    expect(pyramid.workers.map(({ threadId }) => threadId)).not.toEqual(before);
  });

  test('repeatedly on the same texts is reported, and the model still works', async () => {
    const call = pyramid.classify(randomTexts(2, 20_000), { tau: null });
    const failing = expect(call).rejects.toMatchObject({ code: 'MP_WORKER_LOST', details: { tries: 3 } });
    let isOver = false;
    const over = failing.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await Promise.all(pyramid.workers.map(crash));
    }
    await over;
    expect(await pyramid.classify(texts.slice(0, 10))).toHaveLength(10);
    expect(pyramid.workers).toHaveLength(2);
  });

  test('and cannot be replaced, since the model is gone, fails what waits', async () => {
    const copy = `${dir}-goes`;
    await cp(dir, copy, { recursive: true });
    const alone = await Pyramid.load(copy, { workers: 1 });
    await rm(join(copy, 'config.json'));
    await crash(alone.workers[0]);
    for (let i = 0; i < 2; i++)
      await expect(alone.classify(texts[0], { tau: null })).rejects.toMatchObject({ code: 'MP_FILE_MISSING' });
    await alone.close();
  });

  test('leaves its text to another that is idle, and does not make it wait for the new one', async () => {
    const threads = [...pyramid.workers];
    threads[0].postMessage(null); // it is given a text before it can end
    const { label } = await pyramid.classify(texts[0], { tau: null });
    expect(label).toEqual(expect.any(String));
    expect(pyramid.workers).toContain(threads[1]);
  });
});
