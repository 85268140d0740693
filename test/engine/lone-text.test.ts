/** A lone text is answered by floor 0 on the caller's thread, with the same answer as a worker gives, or goes to a worker. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ORDINARY_CHARACTERS } from '../../src/engine/floor-exit.ts';
import { Pyramid } from '../../src/engine/index.ts';
import { canMeasureTurns, longestTurn } from '../support/longest-turn.ts';
import { randomLinearModel, randomModel, randomTexts, WORDS } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = [...randomTexts(51, 40, 60), 'unseen', ''];
let pyramid: Pyramid;
let words: Pyramid;

beforeAll(async () => {
  const { dir } = await randomModel(root, 'mp', { seed: 51, kind: 'pooled', prunes: true, tau: 0.5, floor: true });
  const linear = await randomLinearModel(root, 'linear', { seed: 52 });
  pyramid = await Pyramid.load(dir, { workers: 1 });
  words = await Pyramid.load(linear.dir, { workers: 1 });
});
afterAll(() => Promise.all([pyramid.close(), words.close()]));

/** Texts that the workers' floor 0 has been asked of. */
const askedOfWorkers = async (model: Pyramid) =>
  (await model.pieceCosts()).find(({ kind }) => kind === 'floor')?.texts ?? 0;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('a lone text', () => {
  test('that leaves at floor 0 never reaches a worker, and gets the answer that a worker gives', async () => {
    const together = await pyramid.classify(texts, { topK: 3 });
    const before = await askedOfWorkers(pyramid);
    const early = together.filter(({ exit }) => exit === 0).length;
    expect(early).toBeGreaterThan(5);
    for (const [i, text] of texts.entries()) {
      await nextTurn();
      const alone = await pyramid.classify(text, { topK: 3 });
      const { exit, tokens, label, truncated, flops } = together[i];
      expect(alone).toMatchObject({ exit, tokens, label, truncated, flops });
      if (exit === 0) expect(alone).toEqual(together[i]);
      expect(alone.score).toBeCloseTo(together[i].score, 5);
    }
    expect((await askedOfWorkers(pyramid)) - before).toBe(texts.length - early);
  });

  test('never reaches one where there is no network', async () => {
    const together = await words.classify(texts);
    const before = await askedOfWorkers(words);
    for (const [i, text] of texts.entries()) {
      await nextTurn();
      expect(await words.classify([text])).toEqual([together[i]]);
    }
    expect(await askedOfWorkers(words)).toBe(before);
    expect((await words.detail(['w1']))[0]).toMatchObject({ exit: 0, logits: expect.any(Array) });
  });

  test('goes to a worker where exits are off, or it is longer than ordinary', async () => {
    const early = texts[(await pyramid.classify(texts)).findIndex(({ exit }) => exit === 0)];
    const before = await askedOfWorkers(pyramid);
    await nextTurn();
    expect((await pyramid.classify(early, { tau: null })).exit).toBe(4);
    const long = early.padEnd(ORDINARY_CHARACTERS + 1, ' ');
    expect((await pyramid.classify(long)).exit).toBe(0);
    await pyramid.explain(early);
    expect((await askedOfWorkers(pyramid)) - before).toBe(3);
    await nextTurn();
    // a letter of three bytes is three pieces of byte-level BPE
    const third = Math.ceil(ORDINARY_CHARACTERS / 3);
    const others = await askedOfWorkers(words);
    await words.classify('東'.repeat(third));
    expect((await askedOfWorkers(words)) - others).toBe(1);
    await nextTurn();
    await words.classify('東'.repeat(third - 1));
    expect((await askedOfWorkers(words)) - others).toBe(1);
    await nextTurn();
    expect((await pyramid.classify(long.slice(0, ORDINARY_CHARACTERS))).exit).toBe(0);
    expect((await askedOfWorkers(pyramid)) - before).toBe(3);
  });

  test('is refused as ever', async () => {
    await nextTurn();
    await expect(pyramid.classify(7 as unknown as string)).rejects.toMatchObject({ code: 'MP_TEXT_TYPE' });
    await nextTurn();
    const long = WORDS.slice(0, 100).join(' ');
    await expect(pyramid.classify(long, { tau: 1, truncate: 'never' })).rejects.toMatchObject({ code: 'MP_TEXT_LONG' });
    await expect(pyramid.classify('w1', { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
  });

  test('waits for the next turn rather than for a worker when the calls before it have used one up', async () => {
    const before = await askedOfWorkers(words);
    const begin = performance.now();
    for (let i = 0; performance.now() - begin < 30; i++) {
      const text = texts[i % texts.length];
      expect(await words.classify(text)).toEqual(await words.classify(text));
    }
    expect(await askedOfWorkers(words)).toBe(before);
  });

  test('waits for the next turn also while a worker runs a text of the background', async () => {
    const early = texts[(await pyramid.classify(texts)).findIndex(({ exit }) => exit === 0)];
    const before = await askedOfWorkers(pyramid);
    await nextTurn();
    const beside = pyramid.detail([texts[0]], { tau: null }, { background: true });
    for (let i = 0; i < 100 && pyramid.load.running === 0; i++) await null;
    expect(pyramid.load).toEqual({ waiting: 0, running: 1 });
    const first = pyramid.classify(early); // from here on the turn is looked at
    for (const begin = performance.now(); performance.now() - begin < 2; );
    const answers = await Promise.all([first, pyramid.classify(early), beside]);
    expect(answers[1]).toEqual(answers[0]);
    expect((await askedOfWorkers(pyramid)) - before).toBe(1);
  });

  test("that waits for a turn ends by its signal and with its model, and is not the next one's", async () => {
    const { dir } = await randomLinearModel(root, 'closed', { seed: 53 });
    const model = await Pyramid.load(dir, { workers: 1 });
    await nextTurn();
    const useUp = () => {
      const call = model.classify('w0'); // from here on the turn is looked at
      for (const begin = performance.now(); performance.now() - begin < 2; );
      return call;
    };
    const first = useUp();
    const stop = new AbortController();
    const calls = [model.classify('w1', { signal: stop.signal }), model.classify('w2'), model.classify('w3')];
    stop.abort('enough');
    await expect(calls[0]).rejects.toBe('enough');
    expect(await Promise.all(calls.slice(1))).toEqual(await model.classify(['w2', 'w3']));
    expect((await first).exit).toBe(0);
    await nextTurn(); // the answers may have come late in this one
    await Promise.all([
      useUp(),
      expect(model.classify('w1')).rejects.toMatchObject({ code: 'MP_CLOSED' }),
      model.close(),
    ]);
  });

  test('is for the workers when a turn has been used up by others', async () => {
    const before = await askedOfWorkers(words);
    const many = Array.from({ length: 3000 }, (_, i) => texts[i % texts.length]);
    const answers = await Promise.all(many.map((text) => words.classify(text)));
    expect(answers).toHaveLength(many.length);
    expect((await askedOfWorkers(words)) - before).toBeGreaterThan(0);
  });

  test.skipIf(!canMeasureTurns)('never holds its caller longer than 5 ms, however nasty it is', async () => {
    const nasty = [
      'x'.repeat(99).concat(' ').repeat(20),
      '한국어가나다라마'.repeat(83),
      'a\u0301\u0316'.repeat(285),
      '東'.repeat(666),
    ];
    const turns: number[] = [];
    for (let attempt = 0; attempt < 8 && !turns.some((ms) => ms <= 5); attempt++) {
      const { longestMs } = await longestTurn(async () => {
        for (const text of nasty) {
          await nextTurn();
          await words.classify(text.slice(0, ORDINARY_CHARACTERS));
        }
      });
      turns.push(longestMs);
    }
    expect(Math.min(...turns)).toBeLessThanOrEqual(5);
  });
});
