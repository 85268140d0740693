import { expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import { toNumber, uncertainty } from '../../src/pyramid/exits/exit-rule.ts';
import { softmax } from '../../src/pyramid/logits.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();

test.each(['cls', 'fastbert', 'pooled', 'none'] as const)(
  'an explanation says what became of each piece and what each layer thinks (%s heads)',
  async (kind) => {
    const { dir, model } = await randomModel(root, kind, { seed: 81, kind, prunes: true });
    await using pyramid = await Pyramid.load(dir, { workers: 1 });
    const tau = kind === 'none' ? null : 0.9;
    let removed = 0;
    const exits = new Set<number>();
    for (const text of randomTexts(81, 30).concat('')) {
      const explained = await pyramid.explain(text, { tau });
      const [{ tokens, logits }] = await pyramid.trace([text]);
      const { label, score, exit } = await pyramid.classify(text, { tau });
      expect(explained).toMatchObject({ label, exit, tau, truncated: false });
      expect(explained.score).toBeCloseTo(score, 5);
      exits.add(exit);
      const words = text === '' ? [] : text.split(' ').map((word) => (word === 'unseen' ? '[UNK]' : word));
      expect(explained.pieces).toEqual(['[CLS]', ...words, '[SEP]']);

      let entering = explained.pieces.map(() => true);
      expect(explained.layers).toHaveLength(4);
      explained.layers.forEach(({ importance, kept, scores, uncertainty: unsure }, i) => {
        expect(importance.map((value) => value !== null)).toEqual(entering);
        expect(importance.reduce<number>((sum, value) => sum + (value ?? 0), 0)).toBeCloseTo(1, 5);
        expect(kept).toEqual(importance.map((s, at) => s !== null && (at === 0 || s >= model.thresholds![i])));
        expect(kept.filter(Boolean)).toHaveLength(tokens[i + 1]);
        entering = [...kept];
        if (logits[i].length === 0) {
          expect([scores, unsure]).toEqual([null, null]);
          return;
        }
        expect(Object.keys(scores!)).toEqual(['a', 'b', 'c']);
        softmax(logits[i]).forEach((p, c) => {
          expect(scores!['abc'[c]]).toBeCloseTo(p, 5);
        });
        expect(unsure).toBeCloseTo(toNumber(uncertainty(logits[i])), 5);
      });
      removed += entering.filter((is) => !is).length;
    }
    expect(removed).toBeGreaterThan(0);
    if (kind !== 'none') expect(exits.size).toBeGreaterThan(1);
  },
);

test('without pruning every token stays and none has an importance score; the two texts of a pair are distinguished', async () => {
  const { dir } = await randomModel(root, 'whole', { seed: 82, kind: 'pooled', prunes: false, pairs: true });
  await using pyramid = await Pyramid.load(dir, { workers: 1 });
  const { pieces, types, layers } = await pyramid.explain({ text: 'w1 w2', pair: 'w3' });
  expect(pieces).toEqual(['[CLS]', 'w1', 'w2', '[SEP]', 'w3', '[SEP]']);
  expect(types).toEqual([0, 0, 0, 0, 1, 1]);
  for (const { importance, kept } of layers) {
    expect(importance).toEqual(pieces.map(() => null));
    expect(kept).toEqual(pieces.map(() => true));
  }
  await expect(pyramid.explain('w1', { tau: 2 })).rejects.toMatchObject({ code: 'MP_TAU_RANGE' });
});
