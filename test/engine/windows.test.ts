/** Texts that are longer than the model reads, as windows: each is a text of its own to the layers, and one answer is made of theirs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diskFolder } from '../../src/disk-folder.ts';
import { type Answer, Pyramid } from '../../src/engine/index.ts';
import type { Job } from '../../src/engine/job.ts';
import type { FromWorker, ToWorker } from '../../src/engine/workers/messages.ts';
import { loadModel, serveTexts } from '../../src/engine/workers/serve-texts.ts';
import { judgeWindows } from '../../src/evaluate/windows.ts';
import { runWindowTrace } from '../../src/measure/run-trace.ts';
import { answerRule } from '../../src/pyramid/exits/answer-rule.ts';
import { leaves, toNumber, uncertainty } from '../../src/pyramid/exits/exit-rule.ts';
import { addend } from '../../src/pyramid/exits/sum.ts';
import { argmax } from '../../src/pyramid/logits.ts';
import { randomStream } from '../../src/random.ts';
import { devices } from '../../src/runtime/devices.ts';
import { compile } from '../support/cpu.ts';
import { MAX_LENGTH, randomModel, WORDS } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const ROOM = MAX_LENGTH - 2;
const STRIDE = 10;
const random = randomStream(4, 'windows');
const wordsOf = (n: number) => Array.from({ length: n }, () => WORDS[random.integer(WORDS.length)]);
const long = [100, 47, 130, 83].map(wordsOf);
const short = [5, ROOM, 20].map(wordsOf);
const textOf = (words: readonly string[]) => words.join(' ');
/** By hand: the words of each window. */
const cut = (words: readonly string[]): string[] => {
  const parts: string[] = [];
  for (let from = 0; ; from += ROOM - STRIDE) {
    parts.push(textOf(words.slice(from, from + ROOM)));
    if (from + ROOM >= words.length) return parts;
  }
};
const near = (found: readonly number[], expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i], 4);
};
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const without = ({ flops: _, ...rest }: Answer) => rest;

describe('a model of the network alone', () => {
  let pyramid: Pyramid;
  beforeAll(async () => {
    const { dir } = await randomModel(root, 'network', { seed: 4, kind: 'pooled', prunes: true });
    pyramid = await Pyramid.load(dir, { workers: 2 });
  });
  afterAll(() => pyramid.close());

  test('answers a text that fits into one window as ever', async () => {
    for (const tau of [null, 0.97]) {
      const texts = short.map(textOf);
      const plain = await pyramid.classify(texts, { tau });
      const strided = await pyramid.classify(texts, { tau, stride: STRIDE });
      for (const [i, answer] of strided.entries()) {
        expect(Object.keys(answer)).toEqual(Object.keys(plain[i]));
        expect(answer).toMatchObject({ label: plain[i].label, exit: plain[i].exit, tokens: plain[i].tokens });
        expect(answer.score).toBeCloseTo(plain[i].score, 5);
      }
    }
  });

  test('answers a longer one by the mean of the logits of its windows, each of which leaves where it would leave alone', async () => {
    const exits = new Set<boolean>();
    for (const tau of [null, 0.94, 0.97, 0.99]) {
      const found = await pyramid.detail(long.map(textOf), { tau, stride: STRIDE });
      for (const [i, words] of long.entries()) {
        const parts = await pyramid.detail(cut(words), { tau });
        const [one] = [found[i]];
        expect(one).toMatchObject({ windows: parts.length, truncated: false });
        expect(one.exit).toBe(Math.max(...parts.map(({ exit }) => exit)));
        exits.add(new Set(parts.map(({ exit }) => exit)).size > 1);
        near(
          one.logits,
          one.logits.map((_, c) => sum(parts.map(({ logits }) => logits[c])) / parts.length),
        );
        expect(one.tokens).toEqual(one.tokens.map((_, l) => sum(parts.map(({ tokens }) => tokens[l] ?? 0))));
        expect(one.flops).toBeCloseTo(sum(parts.map(({ flops }) => flops)), 3);
        expect(one.denseFlops).toBeCloseTo(sum(parts.map(({ denseFlops }) => denseFlops)), 3);
      }
    }
    expect(exits).toContain(true); // windows of one text have left at different exits
  });

  test('or by the window that is most certain', async () => {
    const found = await pyramid.detail(long.map(textOf), { tau: null, stride: STRIDE, windows: 'certain' });
    for (const [i, words] of long.entries()) {
      const parts = await pyramid.detail(cut(words), { tau: null });
      const unsure = parts.map(({ logits }) => toNumber(uncertainty(logits)));
      near(found[i].logits, parts[unsure.indexOf(Math.min(...unsure))].logits);
    }
  });

  test('keeps the order of a stream in which long texts and short ones follow each other', async () => {
    const texts = Array.from({ length: 60 }, (_, i) => textOf([...short, ...long][i % 7]));
    const alone = await pyramid.classify(texts.slice(0, 7), { tau: 0.97, stride: STRIDE });
    let at = 0;
    for await (const answer of pyramid.stream(texts, { tau: 0.97, stride: STRIDE })) {
      const { score, ...rest } = without(alone[at++ % 7]);
      expect(without(answer)).toMatchObject(rest);
      expect(answer.score).toBeCloseTo(score, 4);
    }
    expect(at).toBe(60);
  });

  test('gives up all windows of a text with it, and goes on', async () => {
    const text = textOf(wordsOf(30_000));
    const controller = new AbortController();
    const under = pyramid.classify(text, { tau: null, stride: ROOM - 1, signal: controller.signal });
    setTimeout(() => controller.abort(new Error('given up')), 30);
    await expect(under).rejects.toThrow('given up');
    await expect(pyramid.classify(text, { tau: null, stride: ROOM - 1, deadlineMs: 5 })).rejects.toMatchObject({
      code: 'MP_DEADLINE',
    });
    expect((await pyramid.classify(textOf(long[0]), { stride: STRIDE })).windows).toBe(cut(long[0]).length);
    // what was given up is dropped when the worker comes to it
    await expect.poll(async () => sum(await pyramid.queueLevels())).toBe(0);
  });

  test('is judged as it answers, operations of all windows counted', async () => {
    const examples = [...long, ...short].map((words, i) => ({ text: textOf(words), label: i % 3 }));
    const rows = { name: 'rows', labels: pyramid.labels, pairs: false, examples };
    const found = await runWindowTrace(pyramid, rows, { stride: STRIDE, windows: 'mean' });
    for (const [tau, windows] of [
      [null, 'mean'],
      [0.97, 'mean'],
      [0.97, 'certain'],
    ] as const) {
      const judged = judgeWindows(found, tau, windows);
      const answers = await pyramid.detail(
        examples.map(({ text }) => text),
        { tau, stride: STRIDE, windows },
      );
      expect(judged.n).toBe(7);
      expect(judged.accuracy).toBe(answers.filter(({ best }, i) => best === examples[i].label).length / 7);
      expect(judged.meanExit).toBeCloseTo(sum(answers.map(({ exit }) => exit)) / 7, 12);
      expect(judged.gflops.actual * 7e9).toBeCloseTo(sum(answers.map(({ flops }) => flops)), 0);
      const dense = sum(answers.map(({ denseFlops }) => denseFlops));
      expect(judged.speedup.paper! * judged.gflops.paper * 7e9).toBeCloseTo(dense, 0);
      expect(sum(judged.exitsByLayer)).toBe(7);
    }
  });

  test.each([
    [{ stride: ROOM }, 'stride is "46": give a whole number from 0 to 45: a window has room for 46 tokens of the text'],
    [{ stride: -1 }, 'stride is "-1": give a whole number from 0 to 45'],
    [{ stride: 1.5 }, 'stride is "1.5"'],
    [{ stride: 3, truncate: 'left' as const }, 'both stride and truncate were given'],
    [{ windows: 'mean' as const }, 'windows was given without stride'],
    [{ stride: 3, windows: 'max' as 'mean' }, 'windows is "max": give mean or certain'],
  ])('refuses %j in one sentence', async (options, sentence) => {
    await expect(pyramid.classify('a text', options)).rejects.toThrow(sentence);
  });

  test('refuses a pair among the texts, by its number', async () => {
    const inputs = ['a text', { text: 'one', pair: 'two' }];
    await expect(pyramid.classify(inputs, { stride: 3 })).rejects.toThrow(
      'stride is for single texts, and input 1 is a pair',
    );
  });
});

test('a model of pairs, and the most certain of numbers, are refused', async () => {
  const pairs = await Pyramid.load(
    (await randomModel(root, 'pairs', { seed: 4, kind: 'aligned', prunes: false, pairs: true })).dir,
    { workers: 1 },
  );
  const numbers = await Pyramid.load(
    (
      await randomModel(root, 'numbers', {
        ...{ seed: 4, kind: 'pooled', prunes: false, labels: ['score'] },
        ...{ problemType: 'regression', valueSpread: 1.5 },
      })
    ).dir,
    { workers: 1 },
  );
  try {
    await expect(pairs.classify('a text', { stride: 3 })).rejects.toThrow('the model was trained on pairs');
    await expect(numbers.classify('a text', { stride: 3, windows: 'certain' })).rejects.toThrow('answers with numbers');
    const [answer] = await numbers.detail([textOf(long[0])], { tau: null, stride: STRIDE });
    const parts = await numbers.detail(cut(long[0]), { tau: null });
    expect(answer.scores[0]).toBeCloseTo(sum(parts.map(({ scores }) => scores[0])) / parts.length, 4);
  } finally {
    await pairs.close();
    await numbers.close();
  }
});

test('floor 0 is asked once, of the whole text, and what it adds to every window is of the whole text too', async () => {
  const { dir } = await randomModel(root, 'floor', { seed: 9, kind: 'pooled', prunes: true, floor: true });
  const pyramid = await Pyramid.load(dir, { workers: 1 });
  try {
    const traced = await pyramid.trace(long.map(textOf));
    const sumOf = pyramid.exitSum!;
    expect(answerRule(pyramid, pyramid.info).problemType).toBe('single_label_classification');
    const unsure = traced.map(({ floor }) => toNumber(uncertainty(floor!.map((z) => sumOf.scale * z))));
    const tau = (Math.min(...unsure) + Math.max(...unsure)) / 2;
    const answers = await pyramid.detail(long.map(textOf), { tau, stride: STRIDE });
    for (const [i, words] of long.entries()) {
      const z0 = traced[i].floor!;
      const isSure = leaves(uncertainty(z0.map((z) => sumOf.scale * z)), tau);
      expect(answers[i].exit === 0).toBe(isSure);
      if (isSure) {
        expect(answers[i]).not.toHaveProperty('windows');
        expect(answers[i]).toMatchObject({ truncated: false, tokens: [words.length + 2] });
      }
    }
    expect(new Set(answers.map(({ exit }) => exit === 0)).size).toBe(2);
    const ends = await pyramid.detail(long.map(textOf), { tau: null, stride: STRIDE });
    for (const [i, words] of long.entries()) {
      const parts = await pyramid.trace(cut(words));
      const add = addend(sumOf, traced[i].floor!);
      const last = parts.map(({ logits }) => logits.at(-1)!);
      near(
        ends[i].logits,
        add.map((extra, c) => extra + sum(last.map((row) => row[c])) / last.length),
      );
      expect(ends[i].best).toBe(argmax(ends[i].logits));
    }
  } finally {
    await pyramid.close();
  }
});

test('a window that fails fails its text once, with all its windows, and no text after it', async () => {
  const { dir } = await randomModel(root, 'failing', { seed: 4, kind: 'pooled', prunes: false });
  const loaded = await loadModel(diskFolder(dir), null, { spec: devices.cpu, compile });
  const asked = { failing: 0 };
  const programs = new Proxy(loaded.programs, {
    get(target, key) {
      const value = Reflect.get(target, key, target);
      if (key !== 'advance') return typeof value === 'function' ? value.bind(target) : value;
      return (layer: number, jobs: readonly Job[]) => {
        if (layer === 2 && jobs.some(({ id }) => id === 1) && ++asked.failing) throw new Error('out of order');
        return target.advance(layer, jobs);
      };
    },
  });
  const said: FromWorker[] = [];
  let take: (message: ToWorker) => void = () => {};
  const closed = new Promise<void>((close) => {
    const port = { post: (message: FromWorker) => void said.push(message), listen: (to: typeof take) => (take = to) };
    void serveTexts({ ...port, close }, async () => ({ ...loaded, programs }), 'throughput');
  });
  const until = (kind: FromWorker['kind']) =>
    expect.poll(() => said.find((message) => message.kind === kind), { timeout: 20_000 }).toBeDefined();
  await until('ready');
  const rule = { tau: null, trace: false, stride: STRIDE, pair: undefined, index: 0 };
  // more windows than a batch has room for: the first batch fails, the others are of no use
  take({ kind: 'texts', texts: [{ ...rule, id: 1, text: textOf(wordsOf(2000)) }] });
  await until('failed');
  take({ kind: 'texts', texts: [{ ...rule, id: 2, text: textOf(long[0]) }] });
  await until('outcomes');
  take({ kind: 'stats' });
  take({ kind: 'close' });
  await closed;
  expect(asked.failing).toBe(1);
  expect(said.filter(({ kind }) => kind === 'failed')).toMatchObject([
    { ids: [1], error: { message: 'out of order' } },
  ]);
  const outcomes = said.flatMap((message) => (message.kind === 'outcomes' ? message.outcomes : []));
  expect(outcomes).toMatchObject([{ id: 2, exit: 4, windows: cut(long[0]).map((_, window) => ({ window })) }]);
  const stats = said.find((message) => message.kind === 'stats');
  expect(stats).toMatchObject({ levels: [0, 0, 0, 0, 0] });
});
