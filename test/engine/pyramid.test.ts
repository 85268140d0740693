import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoadOptions, Pyramid } from '../../src/engine/index.ts';
import { exitOf, outcomes } from '../../src/evaluate/outcomes.ts';
import { runTrace } from '../../src/measure/run-trace.ts';
import { denseFlops } from '../../src/pyramid/flops.ts';
import { argmax, softmax } from '../../src/pyramid/logits.ts';
import { MAX_LENGTH, randomModel, randomTexts, UNTYPED } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const texts = randomTexts(1, 200);
let dir: string;
let pyramid: Pyramid;

beforeAll(async () => {
  ({ dir } = await randomModel(root, 'mp', { seed: 11, kind: 'pooled', prunes: true, tau: 0.7 }));
  pyramid = await Pyramid.load(dir, { workers: 2 });
});
afterAll(() => pyramid.close());

describe('a loaded model', () => {
  test('says what it is', () => {
    expect(pyramid.labels).toEqual(['a', 'b', 'c']);
    expect(pyramid.info).toMatchObject({ method: 'mp', tau: 0.7, maxLength: MAX_LENGTH });
    expect(pyramid.shape).toMatchObject({ layers: 4, labels: 3 });
  });

  test('gives one answer for one input, and an array for an array, in its order', async () => {
    const one = await pyramid.classify(texts[0]);
    expect(one).toMatchObject({ label: expect.stringMatching(/^[abc]$/), truncated: false });
    expect(one.scores).toBeUndefined();
    const all = await pyramid.classify(texts);
    expect(all).toHaveLength(texts.length);
    const [again] = await pyramid.classify([texts[0]]);
    expect(again).toEqual(one);
    expect(await pyramid.classify([])).toEqual([]);
  });

  test('takes an array of two strings as two texts, never as a pair', async () => {
    const [first, second] = await pyramid.classify([texts[0], texts[1]]);
    expect(first).toEqual(await pyramid.classify(texts[0]));
    expect(second).toEqual(await pyramid.classify(texts[1]));
    const pair = await pyramid.classify({ text: texts[0], pair: texts[1] });
    expect(pair.tokens[0]).toBe(first.tokens[0] + second.tokens[0] - 1);
  });

  test('treats a pair of null or undefined as none, and such options as left out', async () => {
    const one = await pyramid.classify({ text: texts[0] });
    expect(await pyramid.classify({ text: texts[0], pair: null })).toEqual(one);
    expect(await pyramid.classify({ text: texts[0], pair: undefined })).toEqual(one);
    const nothing = { topK: null, signal: null, deadlineMs: null, truncate: null } as unknown as object;
    expect(await pyramid.classify(texts[0], nothing)).toEqual(one);
    const left = { tau: undefined, topK: undefined, signal: undefined, deadlineMs: undefined, truncate: undefined };
    expect(await pyramid.classify(texts[0], left)).toEqual(one);
    expect(await pyramid.classify(texts[0], null as unknown as undefined)).toEqual(one);
    expect(await pyramid.trace([texts[0]], { onProgress: undefined })).toHaveLength(1);
    expect(await pyramid.detail([])).toEqual([]);
    const some = { workers: 1, threads: null, dtype: undefined, order: null } as unknown as LoadOptions;
    const loaded = await Pyramid.load(dir, some);
    expect(await loaded.classify(texts[0])).toEqual(one);
    await loaded.close(null as unknown as undefined);
  });

  test('uses its own tau unless it is given one, and null is off', async () => {
    const [own, same, off] = await Promise.all([
      pyramid.classify(texts),
      pyramid.classify(texts, { tau: 0.7 }),
      pyramid.classify(texts, { tau: null }),
    ]);
    expect(own.map(({ exit }) => exit)).toEqual(same.map(({ exit }) => exit));
    expect(new Set(own.map(({ exit }) => exit)).size).toBeGreaterThan(1);
    expect(new Set(off.map(({ exit }) => exit))).toEqual(new Set([4]));
    for (const { tokens, exit } of own) expect(tokens).toHaveLength(exit);
  });

  test('gives the scores of the top k labels, most likely first', async () => {
    const answer = await pyramid.classify(texts[3], { topK: 2, tau: null });
    const entries = Object.entries(answer.scores!);
    expect(entries).toHaveLength(2);
    expect(entries[0]).toEqual([answer.label, answer.score]);
    expect(entries[0][1]).toBeGreaterThanOrEqual(entries[1][1]);
    const all = await pyramid.classify(texts[3], { topK: 9, tau: null });
    expect(Object.values(all.scores!).reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 6);
  });

  test("a text's scores do not depend on the rest of its batch", async () => {
    const together = await pyramid.classify(texts, { tau: null, topK: 3 });
    for (const [i, text] of texts.slice(0, 40).entries()) {
      const alone = await pyramid.classify(text, { tau: null, topK: 3 });
      for (const [label, score] of Object.entries(alone.scores!)) {
        expect(Math.abs(score - together[i].scores![label])).toBeLessThan(1e-5);
      }
    }
  });

  test('truncates a text that is too long, and says so', async () => {
    const answer = await pyramid.classify('w1 '.repeat(500), { tau: null });
    expect(answer).toMatchObject({ truncated: true });
    expect(answer.tokens[0]).toBe(MAX_LENGTH);
  });

  test('truncates the beginning if asked, or refuses the text', async () => {
    const long = `${'w1 '.repeat(60)}${'w2 '.repeat(100)}`;
    const kept = await pyramid.classify('w2 '.repeat(100), { tau: null });
    const left = await pyramid.classify(long, { tau: null, truncate: 'left' });
    expect(left.score).toBeCloseTo(kept.score, 6);
    expect(left).toMatchObject({ label: kept.label, truncated: true });
    expect((await pyramid.classify(long, { tau: null })).score).not.toBeCloseTo(kept.score, 6);
    await expect(pyramid.classify(['w1', long], { truncate: 'never' })).rejects.toMatchObject({
      code: 'MP_TEXT_LONG',
      details: { index: 1, maxLength: MAX_LENGTH },
    });
    expect(await pyramid.classify('w1', { truncate: 'never' })).toEqual(await pyramid.classify('w1'));
    await expect(pyramid.classify('w1', { truncate: 'middle' as 'left' })).rejects.toThrow('truncate is "middle"');
  });

  test.each([false, true])(
    'truncates the end that its tokenizer names, as training did; with floor 0 %s',
    async (floor) => {
      const settings = { truncation_side: 'left', tokenizer_class: 'PreTrainedTokenizerFast' };
      const tokenizer = { ...UNTYPED, 'tokenizer_config.json': JSON.stringify(settings) };
      const made = await randomModel(root, `left-${floor}`, {
        seed: 12,
        kind: 'pooled',
        prunes: true,
        floor,
        tokenizer,
      });
      const own = await Pyramid.load(made.dir, { workers: 1 });
      try {
        const long = `${'w1 '.repeat(60)}${'w2 '.repeat(100)}`;
        const [unsaid, left, right] = await Promise.all(
          [undefined, 'left' as const, 'right' as const].map((truncate) => own.classify(long, { tau: null, truncate })),
        );
        expect(unsaid).toEqual(left);
        expect(unsaid.score).not.toBeCloseTo(right.score, 6);
      } finally {
        await own.close();
      }
    },
  );

  test('gives the same answer in detail, with the time it took', async () => {
    const details = await pyramid.detail(texts, { tau: 0.7 });
    const answers = await pyramid.classify(texts, { tau: 0.7, topK: 3 });
    details.forEach(
      ({ best, unsure, scores, logits, denseFlops: dense, unknown, tokenizeMs, inferenceMs, ...detail }, i) => {
        expect(unsure).toBe(false);
        const { label, score, exit, tokens, truncated, flops } = answers[i];
        expect(detail).toEqual({ exit, tokens, truncated, flops });
        expect(pyramid.labels[best]).toBe(label);
        expect(scores[best]).toBeCloseTo(score, 6);
        for (const [c, p] of softmax(logits).entries()) expect(p).toBeCloseTo(scores[c], 12);
        expect(dense).toBe(denseFlops(pyramid.shape, tokens[0]));
        expect(Number.isInteger(unknown) && unknown >= 0).toBe(true);
        expect(tokenizeMs).toBeGreaterThan(0);
        expect(inferenceMs).toBeGreaterThan(0);
      },
    );
  });

  test('classifies an empty text, lone surrogates and control characters', async () => {
    const answers = await pyramid.classify(['', '\ud800', '\0\u200b', '😀'.repeat(50)], { tau: null });
    expect(answers.map(({ score }) => Number.isFinite(score))).toEqual([true, true, true, true]);
    expect(answers[0].tokens[0]).toBe(2);
  });

  test('costs fewer operations the earlier a text may exit, and never more than the dense network and its exit heads', async () => {
    const cost = async (tau: number | null) =>
      (await pyramid.classify(texts, { tau })).reduce((sum, { flops }) => sum + flops, 0);
    const off = await cost(null);
    const own = await cost(0.7);
    const all = await cost(1);
    expect(all).toBeLessThan(own);
    const dense = (await pyramid.classify(texts, { tau: null })).reduce(
      (sum, { tokens }) => sum + denseFlops(pyramid.shape, tokens[0]),
      0,
    );
    expect(off).toBeLessThan(dense);
  });

  test('says how many texts wait and run, and none of either once they are answered', async () => {
    const call = pyramid.classify(randomTexts(6, 5000), { tau: null });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(pyramid.load.waiting).toBeGreaterThan(1000);
    expect(pyramid.load.running).toBeGreaterThan(0);
    await call;
    expect(pyramid.load).toEqual({ waiting: 0, running: 0 });
  });

  test('lets a small request overtake a large one', async () => {
    let isOver = false;
    const large = pyramid.classify(randomTexts(5, 20_000), { tau: null }).then(() => {
      isOver = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await pyramid.classify(texts.slice(0, 3), { tau: null });
    expect(isOver).toBe(false);
    await large;
  });
});

describe('a trace', () => {
  test('predicts for each tau what a real run gives: exits, labels, tokens and operations', async () => {
    const examples = texts.map((text, i) => ({ text, label: i % 3 }));
    const shares: number[] = [];
    const trace = await runTrace(pyramid, { name: 'rows', labels: ['a', 'b', 'c'], pairs: false, examples }, (share) =>
      shares.push(share),
    );
    expect(shares.at(-1)).toBe(1);
    expect(trace).toMatchObject({ headKind: 'pooled', pairs: false, labels: ['a', 'b', 'c'] });
    expect(trace.entries.map(({ label }) => label)).toEqual(examples.map(({ label }) => label));
    const judged = outcomes(trace);
    for (const tau of [null, 0, 0.5, 0.7, 0.9, 1]) {
      const answers = await pyramid.classify(texts, { tau });
      answers.forEach((answer, i) => {
        const exit = exitOf(judged[i], tau);
        expect(answer.exit).toBe(exit);
        expect(answer.label).toBe(pyramid.labels[judged[i].predicted[exit]]);
        expect(trace.entries[i].tokens.slice(0, answer.tokens.length)).toEqual(answer.tokens);
        expect(answer.flops).toBe(tau === null ? judged[i].actualWithoutExits : judged[i].actual[exit]);
        const logits = trace.entries[i].logits[exit - 1];
        expect(Math.abs(answer.score - softmax(logits)[argmax(logits)])).toBeLessThan(1e-5);
      });
    }
  });

  test("numbers the rows' labels as the model does, and refuses others", async () => {
    const examples = [
      { text: 'w1', label: 0 },
      { text: 'w2', label: 1 },
    ];
    const rows = { name: 'rows', labels: ['c', 'a'], pairs: false, examples };
    expect((await runTrace(dir, rows)).entries.map(({ label }) => label)).toEqual([2, 0]);
    await expect(runTrace(pyramid, { ...rows, labels: ['c', 'x'] })).rejects.toThrow('has the label "x"');
    await expect(runTrace(pyramid, { ...rows, examples: [] })).rejects.toMatchObject({ code: 'MP_DATA_EMPTY' });
  });
});

describe('an invalid call', () => {
  test.each([
    [undefined, 'input 0 is undefined'],
    [7, 'input 0 is the number 7'],
    [['w1', 7], 'input 1 is the number 7'],
    [[['w1', 'w2']], 'input 0 is an array'],
    [{ pair: 'w1' }, 'input 0 is an object whose text is undefined'],
    [[{ text: 'w1', pair: 7 }], 'input 0 is { text, pair: the number 7 }'],
  ])('is refused: %j', async (input, message) => {
    const call = pyramid.classify(input as unknown as string);
    await expect(call).rejects.toMatchObject({ code: 'MP_TEXT_TYPE' });
    await expect(call).rejects.toThrow(message);
  });

  test.each([-0.1, 1.1, Number.NaN, '0.5'])('is refused: tau %s', async (tau) => {
    await expect(pyramid.classify('w1', { tau: tau as number })).rejects.toMatchObject({ code: 'MP_TAU_RANGE' });
    expect(() => pyramid.stream(['w1'], { tau: tau as number })).toThrow('tau is');
  });

  test.each([
    [{ tua: 0.5 }, 'tau'],
    [{ topk: 2 }, 'topK'],
    [{ deadline: 50 }, 'deadlineMs'],
    [{ temperature: 1 }, null],
    [{ constructor: 1 }, null],
  ])('is refused: the option of %j, which there is none of', async (given, nearest) => {
    const options: object = given;
    const refused = { code: 'MP_OPTION_UNKNOWN', details: { key: Object.keys(options)[0], nearest } };
    await expect(pyramid.classify('w1', options)).rejects.toMatchObject(refused);
    await expect(pyramid.detail(['w1'], options)).rejects.toMatchObject({ code: 'MP_OPTION_UNKNOWN' });
    await expect(pyramid.explain('w1', options)).rejects.toMatchObject({ code: 'MP_OPTION_UNKNOWN' });
    await expect(pyramid.trace(['w1'], options)).rejects.toMatchObject({ code: 'MP_OPTION_UNKNOWN' });
    expect(() => pyramid.stream(['w1'], options)).toThrow(`there is no option "${Object.keys(options)[0]}"`);
    await expect(pyramid.close(options)).rejects.toMatchObject({ code: 'MP_OPTION_UNKNOWN' });
    expect(await pyramid.classify('w1')).toHaveProperty('label');
  });

  test.each([
    [{ worker: 1 }, 'workers'],
    [{ dType: 'int8' }, 'dtype'],
    [{ tau: 0.5 }, null],
  ])('is refused: loading with the option of %j, which there is none of', async (options, nearest) => {
    await expect(Pyramid.load(dir, options as LoadOptions)).rejects.toMatchObject({
      code: 'MP_OPTION_UNKNOWN',
      details: { nearest },
    });
  });

  test.each([
    ['tau', { tau: '0.5' }, 'MP_TAU_RANGE'],
    ['topK', { topK: '2' }, 'MP_OPTION_VALUE'],
    ['signal', { signal: new AbortController() }, 'MP_OPTION_VALUE'],
    ['signal', { signal: true }, 'MP_OPTION_VALUE'],
    ['deadlineMs', { deadlineMs: '50ms' }, 'MP_OPTION_VALUE'],
    ['truncate', { truncate: true }, 'MP_OPTION_VALUE'],
    ['options', 0.5, 'MP_USAGE'],
    ['options', ['w2'], 'MP_USAGE'],
  ])('is refused: %s of another kind', async (name, options, code) => {
    const call = pyramid.classify('w1', options as object);
    await expect(call).rejects.toMatchObject({ code });
    await expect(call).rejects.toThrow(`${name} `);
  });

  test('is refused: one string where many texts are wanted, which would be classified letter by letter', async () => {
    const one = 'w1 w2' as unknown as string[];
    await expect(pyramid.detail(one)).rejects.toThrow('the texts are a string; give an array of texts');
    await expect(pyramid.trace(one)).rejects.toMatchObject({ code: 'MP_USAGE' });
    expect(() => pyramid.stream(one)).toThrow('the source of texts is a string');
    expect(() => pyramid.stream(undefined as unknown as string[])).toThrow('the source of texts is undefined');
    await expect(pyramid.detail(new Set(['w1']) as unknown as string[])).rejects.toMatchObject({ code: 'MP_USAGE' });
    await expect(Pyramid.load(undefined as unknown as string)).rejects.toMatchObject({ code: 'MP_OPTION_VALUE' });
  });

  test.each([0, 1.5])('is refused: topK %s', async (topK) => {
    await expect(pyramid.classify('w1', { topK })).rejects.toMatchObject({ code: 'MP_OPTION_VALUE' });
  });

  test.each([
    { workers: 0 },
    { threads: 1.5 },
    { workers: 5000 },
    { dtype: 'fp16' },
    { order: 'random' },
    { device: 'npu' },
    { askAll: 'yes' },
    { stallMs: 0 },
    { signal: 'now' },
    { onProgress: true },
  ])('is refused: %j', async (options) => {
    await expect(Pyramid.load(dir, options as LoadOptions)).rejects.toMatchObject({ code: 'MP_OPTION_VALUE' });
  });

  test('is refused: a tau for a model without exit heads, which says how it was trained', async () => {
    const { dir: plain } = await randomModel(root, 'ltp', { seed: 12, kind: 'none', prunes: true });
    const model = await Pyramid.load(plain, { workers: 1 });
    await expect(model.classify('w1', { tau: 0.5 })).rejects.toMatchObject({
      code: 'MP_MODEL_HEADS',
      details: { method: 'ltp' },
    });
    expect((await model.classify('w1')).exit).toBe(4);
    await model.close();
  });

  test('is refused: a folder that is not there, that lacks weights, or whose vocabulary is another', async () => {
    await expect(Pyramid.load(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'MP_FILE_MISSING' });
    const other = join(root, 'other');
    await cp(dir, other, { recursive: true });
    const { wordPieceFiles } = await import('../../src/text/tokenizer/wordpiece-files.ts');
    const pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...Array.from({ length: 500 }, (_, i) => `x${i}`)];
    await writeFile(join(other, 'tokenizer.json'), wordPieceFiles(pieces)['tokenizer.json']);
    await expect(Pyramid.load(other, { workers: 2 })).rejects.toMatchObject({ code: 'MP_MODEL_VOCABULARY' });
    await rm(join(other, 'model.safetensors'));
    await expect(Pyramid.load(other, { workers: 1 })).rejects.toMatchObject({ code: 'MP_FILE_MISSING' });
  });

  test('is refused once the model is closed, and pending calls fail', async () => {
    const model = await Pyramid.load(dir, { workers: 1 });
    const underWay = model.classify(randomTexts(2, 2000));
    const failing = expect(underWay).rejects.toMatchObject({ code: 'MP_CLOSED' });
    await model.close();
    await failing;
    await expect(model.classify('w1')).rejects.toMatchObject({ code: 'MP_CLOSED' });
    await expect(model.classify([])).rejects.toMatchObject({ code: 'MP_CLOSED' });
    await model.close();
  });

  test('past its deadline is aborted, and the model still works', async () => {
    const call = pyramid.classify(randomTexts(4, 5000), { tau: null, deadlineMs: 20 });
    await expect(call).rejects.toMatchObject({ code: 'MP_DEADLINE', details: { deadlineMs: 20 } });
    expect(await pyramid.classify(texts.slice(0, 5), { deadlineMs: 60_000 })).toHaveLength(5);
    await expect(pyramid.classify('w1', { deadlineMs: 0 })).rejects.toMatchObject({ code: 'MP_OPTION_VALUE' });
  });

  test('aborted by its signal rejects with the reason, and the model still works', async () => {
    const reason = new Error('enough');
    await expect(pyramid.classify('w1', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const call = pyramid.classify(randomTexts(3, 3000), { tau: null, signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(call).rejects.toBe(reason);
    expect(await pyramid.classify(texts.slice(0, 5))).toHaveLength(5);
  });
});

describe('a stream', () => {
  test('gives the answers of classify in the order of its source, and ends the source when its reader stops', async () => {
    let ended = false;
    async function* source() {
      try {
        for (let i = 0; ; i++) yield texts[i % texts.length];
      } finally {
        ended = true;
      }
    }
    const expected = await pyramid.classify(texts, { tau: 0.6 });
    let i = 0;
    for await (const { label, exit } of pyramid.stream(source(), { tau: 0.6 })) {
      expect([label, exit]).toEqual([expected[i % texts.length].label, expected[i % texts.length].exit]);
      if (++i === 500) break;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ended).toBe(true);
  });

  test('ends at an invalid input, and names its position', async () => {
    const found: unknown[] = [];
    const reading = (async () => {
      for await (const answer of pyramid.stream(['w1', 'w2', 7 as unknown as string, 'w3'])) found.push(answer);
    })();
    await expect(reading).rejects.toThrow('input 2 is the number 7');
    expect(found).toHaveLength(2);
  });
});

describe('other kinds of answers', () => {
  test('several labels may hold at once: sigmoids, and every one that reaches its threshold', async () => {
    const made = await randomModel(root, 'multi', {
      seed: 13,
      kind: 'cls',
      prunes: false,
      problemType: 'multi_label_classification',
    });
    const model = await Pyramid.load(made.dir, { workers: 1 });
    const { scores, labels } = await model.classify('w1 w2', { topK: 3 });
    const trace = await model.trace(['w1 w2']);
    const logits = trace[0].logits[3];
    expect(Object.keys(scores!).sort()).toEqual(['a', 'b', 'c']);
    for (const [i, label] of ['a', 'b', 'c'].entries()) {
      expect(scores![label]).toBeCloseTo(1 / (1 + Math.exp(-logits[i])), 5);
    }
    expect(labels).toEqual(['a', 'b', 'c'].filter((_, i) => logits[i] >= 0));
    await model.close();
  });

  test('a pair for a model of single texts, and the reverse, is answered, and warns once', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const model = await Pyramid.load(dir, { workers: 1 });
    await model.classify({ text: 'w1', pair: 'w2' });
    await model.classify([{ text: 'w1', pair: 'w2' }]);
    await new Promise(setImmediate);
    process.off('warning', note);
    expect(warnings.map(({ message }) => message)).toEqual([expect.stringContaining('but gets text pairs')]);
    await model.close();
  });
});
