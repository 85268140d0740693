/** A model with a floor 0 through its worker threads: what callers see of it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import { judge } from '../../src/evaluate/judge.ts';
import { runTrace } from '../../src/measure/run-trace.ts';
import { fromNumber, leaves, toNumber, uncertainty } from '../../src/pyramid/exits/exit-rule.ts';
import { exitLogits, exitSum } from '../../src/pyramid/exits/sum.ts';
import { writeTau } from '../../src/pyramid/folder/write-tau.ts';
import { softmax } from '../../src/pyramid/logits.ts';
import { wordPieceFiles } from '../../src/text/tokenizer/wordpiece-files.ts';
import { randomLinearModel, randomModel, randomTexts, WORDS } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const LABELS = ['a', 'b', 'c'];

test('an answer at floor 0 says exit 0, the tokens, and the operations of floor 0 alone', async () => {
  const { dir } = await randomModel(root, 'mp', { seed: 41, kind: 'pooled', prunes: true, floor: true });
  await using pyramid = await Pyramid.load(dir, { workers: 1 });
  const texts = randomTexts(41, 60, 60);
  const answers = await pyramid.classify(texts, { tau: 0.5 });
  const early = answers.filter(({ exit }) => exit === 0);
  expect(early.length).toBeGreaterThan(5);
  expect(early.length).toBeLessThan(texts.length);
  for (const { tokens, flops, truncated } of early) {
    expect(tokens).toHaveLength(1);
    expect(flops).toBe(2 * (2 * tokens[0] - 1) * LABELS.length);
    if (truncated) expect(tokens[0]).toBe(48);
  }
  expect(early.some(({ truncated }) => truncated)).toBe(true);
  const last = await pyramid.classify(texts, { tau: null });
  expect(last.map(({ exit }) => exit)).toEqual(texts.map(() => 4));
});

test('a text that is too long for the network is refused where it may not be cut, whoever would answer it', async () => {
  const { dir } = await randomModel(root, 'long', { seed: 42, kind: 'pooled', prunes: true, floor: true });
  await using pyramid = await Pyramid.load(dir, { workers: 1 });
  const long = WORDS.slice(0, 60).join(' ');
  for (const tau of [1, null]) {
    const refused = pyramid.classify([long, 'w1'], { tau, truncate: 'never' });
    await expect(refused).rejects.toMatchObject({ code: 'MP_TEXT_LONG', details: { index: 0, maxLength: 48 } });
  }
});

test.each([
  { pairs: false, linear: false },
  { pairs: true, linear: false },
  { pairs: false, linear: true },
])(
  'an explanation takes floor 0 apart exactly (pairs $pairs, without a network $linear)',
  async ({ pairs, linear }) => {
    const seed = 43;
    const name = `explained-${pairs}-${linear}`;
    const { dir, model } = linear
      ? await randomLinearModel(root, name, { seed, pairs })
      : await randomModel(root, name, { seed, kind: 'pooled', prunes: true, pairs, floor: true });
    await using pyramid = await Pyramid.load(dir, { workers: 1 });
    const sum = exitSum(model.floor!);
    const seconds = randomTexts(seed + 1, 24, 60);
    let beyondSome = 0;
    let without = 0;
    const exits = new Set<number>();
    for (const [i, text] of [...randomTexts(seed, 22, 60), 'unseen', ''].entries()) {
      const input = pairs && i < 22 ? { text, pair: seconds[i] } : text;
      const tau = linear ? null : 0.5;
      const { pieces, floor, layers, label, score, exit } = await pyramid.explain(input, { tau });
      const [{ logits, floor: z0 = null }] = await pyramid.trace([input]);
      const answer = await pyramid.classify(input, { tau });
      expect({ label, exit }).toEqual({ label: answer.label, exit: answer.exit });
      expect(score).toBeCloseTo(answer.score, 5);
      exits.add(exit);
      const sums = exitLogits(logits, z0, sum);
      layers.forEach(({ scores, uncertainty: u }, l) => {
        softmax(sums.layers[l]).forEach((p, c) => {
          expect(scores![LABELS[c]]).toBeCloseTo(p, 5);
        });
        expect(u).toBeCloseTo(toNumber(uncertainty(sums.layers[l])), 5);
      });
      expect(floor === null).toBe(z0 === null);
      if (!floor || !z0) {
        without++;
        continue;
      }
      expect(floor.contributions).toHaveLength(pieces.length);
      expect(floor.figures.length > 0).toBe(pairs && i < 22);
      LABELS.forEach((label, c) => {
        const parts = [...floor.contributions, floor.beyond, floor.bias, ...floor.figures.map(({ logits }) => logits)];
        expect(parts.reduce((total, part) => total + part[c], 0)).toBeCloseTo(z0[c], 6);
        expect(floor.scores[label]).toBeCloseTo(softmax(sums.floor!)[c], 10);
      });
      expect(floor.uncertainty).toBeCloseTo(toNumber(uncertainty(sums.floor!)), 10);
      expect(exit === 0).toBe(linear || leaves(fromNumber(floor.uncertainty), tau));
      // a special token and an unknown word say nothing
      pieces.forEach((piece, at) => {
        if (/^\[/.test(piece)) expect(floor.contributions[at].every((value) => value === 0)).toBe(true);
      });
      if (pieces.length < 48) expect(floor.beyond.every((value) => value === 0)).toBe(true);
      else if (floor.beyond.some((value) => value !== 0)) beyondSome++;
    }
    expect(beyondSome > 0).toBe(!linear);
    expect(without > 0).toBe(!linear);
    expect(exits.has(0)).toBe(true);
  },
);

test('the pieces that an n-gram stands at share what it adds', async () => {
  const { dir } = await randomLinearModel(root, 'shares', { seed: 44 });
  await using pyramid = await Pyramid.load(dir, { workers: 1 });
  const { floor, pieces } = await pyramid.explain('w1 w2 w1 w2');
  expect(pieces).toEqual(['[CLS]', 'w1', 'w2', 'w1', 'w2', '[SEP]']);
  const [, first, second, third, fourth] = floor!.contributions;
  expect(first).not.toEqual(second);
  first.forEach((value, c) => {
    // w1, w2, w1 w2 come twice; only w2 w1 stands at the middle alone
    expect(fourth[c] - value).toBeCloseTo(second[c] - third[c], 6);
  });
});

test('a trace keeps the two apart, and judging sums them', async () => {
  const { dir, model } = await randomModel(root, 'traced', { seed: 45, kind: 'pooled', prunes: true, floor: true });
  await using pyramid = await Pyramid.load(dir, { workers: 1 });
  const texts = randomTexts(45, 40);
  const examples = texts.map((text, i) => ({ text, label: i % 3 }));
  const rows = { name: 'rows', labels: LABELS, pairs: false, examples };
  const trace = await runTrace(pyramid, rows);
  expect(trace.floor).toEqual(exitSum(model.floor!));
  expect(trace.entries.every(({ floor }) => floor === null || floor?.length === 3)).toBe(true);
  for (const tau of [null, 0.3, 0.6]) {
    const answers = await pyramid.classify(texts, { tau });
    const right = answers.filter(({ label }, i) => label === LABELS[i % 3]).length;
    const { accuracy, meanExit } = judge(trace, tau);
    expect(accuracy).toBeCloseTo(right / texts.length, 10);
    expect(meanExit).toBeCloseTo(answers.reduce((total, { exit }) => total + exit, 0) / texts.length, 10);
  }
});

test('a model without a floor 0 says nothing of one in its traces', async () => {
  const { dir } = await randomModel(root, 'plain', { seed: 46, kind: 'cls', prunes: false });
  await using pyramid = await Pyramid.load(dir, { workers: 1 });
  const [traced] = await pyramid.trace(['w1']);
  expect('floor' in traced).toBe(false);
  expect(pyramid.exitSum).toBeNull();
  expect((await pyramid.explain('w1', { tau: null })).floor).toBeNull();
});

test('tau is for exits: one without exit heads takes it by its floor 0, one without a network does not', async () => {
  const { dir } = await randomModel(root, 'none', { seed: 47, kind: 'none', prunes: false, floor: true });
  const { dir: linear } = await randomLinearModel(root, 'linear', { seed: 47 });
  await using pyramid = await Pyramid.load(dir, { workers: 1 });
  await using words = await Pyramid.load(linear, { workers: 1 });
  expect((await pyramid.classify(['w1 w2', 'w3'], { tau: 1 })).map(({ exit }) => exit)).toEqual([0, 0]);
  await expect(words.classify('w1', { tau: 0.5 })).rejects.toMatchObject({ code: 'MP_MODEL_HEADS' });
  expect((await words.classify(['w1', ''])).map(({ exit }) => exit)).toEqual([0, 0]);
  expect(await words.queueLevels()).toEqual([0]);
  expect((await words.pieceCosts()).map(({ kind, layer, texts }) => [kind, layer, texts])).toEqual([['floor', 0, 2]]);
});

test('a floor 0 that was made for another tokenizer is refused', async () => {
  const { dir } = await randomModel(root, 'other', { seed: 48, kind: 'none', prunes: false, floor: true });
  const files = wordPieceFiles(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...WORDS.slice(1)]);
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  const refused = Pyramid.load(dir, { workers: 1 });
  await expect(refused).rejects.toThrow(/floor\.vocabulary is 205, and the tokenizer has 204 pieces/);
});

test('tau is kept for a model that has floor 0 alone to leave by, and not for one without a network', async () => {
  const { dir } = await randomModel(root, 'kept', { seed: 49, kind: 'none', prunes: false, floor: true });
  const { dir: linear } = await randomLinearModel(root, 'not-kept', { seed: 49 });
  const calibration = {
    dtype: 'fp32',
    rows: 10,
    target: { maxDrop: 0 },
    by: 'actual',
    baseline: 1,
    accuracy: 1,
    speedupPaper: null,
    speedupActual: 2,
  } as const;
  await writeTau(dir, { tau: 0.25, dtype: 'fp32', calibration });
  await using pyramid = await Pyramid.load(dir, { workers: 1 });
  expect(pyramid.info.tau).toBe(0.25);
  expect(pyramid.exitSum).not.toBeNull();
  await expect(writeTau(linear, { tau: 0.25, dtype: 'fp32', calibration })).rejects.toMatchObject({
    code: 'MP_MODEL_HEADS',
  });
});
