/**
 * The engine against the graph that training judges with, which masks nothing away step by step and knows no batches
 * of the engine's: the same tokens, logits, exits and labels, for generated texts, thresholds, taus and arrivals. Each
 * run must have met what it is about, or it fails.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/engine/job.ts';
import { exitLayer, toNumber, uncertaintiesOf, uncertainty } from '../../src/pyramid/exits/exit-rule.ts';
import { readModelFolder } from '../../src/pyramid/folder/disk-model.ts';
import type { PyramidModel } from '../../src/pyramid/folder/model-folder.ts';
import { argmax } from '../../src/pyramid/logits.ts';
import { randomStream } from '../../src/random.ts';
import { loadTokenizer } from '../../src/text/tokenizer/load-tokenizer.ts';
import type { Encoding } from '../../src/text/tokenizer/tokenizer.ts';
import { type TextTrace, Tracer } from '../../src/train/trace/tracer.ts';
import { compile } from '../support/cpu.ts';
import { InThreadEngine } from '../support/in-thread-engine.ts';
import { DEBERTA, MAX_LENGTH, randomModel, randomTexts, UNTYPED } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const TEXTS = 120;
const LOGITS = 1e-4;
/** Nearer than this to its tau, rounding may send a text either way. */
const TIE = 1e-5;

/** Local layers see 6 tokens on each side. */
const LOCAL = { local_attention: 12, pad_token_id: 0 };

const cases = [
  { kind: 'cls', prunes: true, pairs: false, seed: 1 },
  { kind: 'pooled', prunes: true, pairs: false, seed: 2 },
  { kind: 'pooled', prunes: true, pairs: true, seed: 3 },
  { kind: 'pooled', prunes: false, pairs: false, seed: 4 },
  { kind: 'aligned', prunes: true, pairs: true, seed: 7 },
  { kind: 'aligned', prunes: true, pairs: true, seed: 10, tokenizer: UNTYPED },
  { kind: 'fastbert', prunes: true, pairs: false, seed: 5 },
  { kind: 'none', prunes: true, pairs: false, seed: 6 },
  // families that differ from BERT inside attention: distances are those before tokens were removed
  { family: 'mpnet', kind: 'cls', prunes: true, pairs: false, seed: 9 },
  { family: 'mpnet', kind: 'aligned', prunes: true, pairs: true, seed: 10 },
  // keys of a peek go into the block; local layers; the last layer in full
  { family: 'modernbert', kind: 'pooled', prunes: true, pairs: false, seed: 13, more: LOCAL },
  {
    family: 'modernbert',
    kind: 'aligned',
    prunes: true,
    pairs: true,
    seed: 14,
    more: { ...LOCAL, classifier_pooling: 'mean' },
  },
  { family: 'modernbert', kind: 'fastbert', prunes: true, pairs: false, seed: 17, more: LOCAL },

  // keys of a peek, multiplied with distances
  { family: 'deberta-v2', kind: 'pooled', prunes: true, pairs: false, seed: 20, more: DEBERTA },
  { family: 'deberta-v2', kind: 'aligned', prunes: true, pairs: true, seed: 21, more: DEBERTA },
  // projected embeddings; one token type, though the heads of pairs tell two texts apart
  { family: 'electra', kind: 'pooled', prunes: true, pairs: true, seed: 11, more: { embedding_size: 20 } },
  { family: 'roberta', kind: 'pooled', prunes: true, pairs: true, seed: 12, more: { type_vocab_size: 1 } },
  // where a text leaves does not hang on them
  { kind: 'pooled', prunes: true, pairs: false, seed: 8, exitTemperatures: [0.7, 1.6, 0.9, 2] },
] as const;

describe.each(cases.map((one) => ({ family: 'bert' as const, ...one })))(
  '$family, $kind heads, pruning $prunes, pairs $pairs (seed $seed): the engine',
  (options) => {
    let model: PyramidModel;
    let engine: InThreadEngine;
    let encodings: Encoding[];
    let judged: TextTrace[];

    beforeAll(async () => {
      const { dir } = await randomModel(root, `model-${options.seed}`, options);
      model = await readModelFolder(dir);
      const tokenizer = await loadTokenizer(dir);
      const texts = randomTexts(options.seed, TEXTS);
      const pairs = options.pairs ? randomTexts(options.seed + 100, TEXTS, 20) : [];
      encodings = texts.map((text, i) => tokenizer.encode(text, pairs[i], MAX_LENGTH));
      engine = await InThreadEngine.create(model);
      const tracer = await Tracer.create(model, options.prunes ? 'hard' : 'none', compile);
      judged = await tracer.trace({
        encodings,
        labels: encodings.map(() => 0),
        lengths: Int32Array.from(encodings, ({ ids }) => ids.length),
        truncated: 0,
      });
      await tracer.close();
    });
    afterAll(() => engine.close());

    /** Texts in groups of random sizes, as requests come in. */
    const groups = (seed: number, rule: (text: number) => { tau: number | null; trace: boolean }) => {
      const random = randomStream(seed, 'arrivals');
      const order = random.shuffle(encodings.map((_, i) => i));
      const made: { encoding: Encoding; rule: { tau: number | null; trace: boolean } }[][] = [];
      for (let at = 0; at < order.length; ) {
        const size = 1 + random.integer(30);
        made.push(order.slice(at, at + size).map((text) => ({ encoding: encodings[text], rule: rule(text) })));
        at += size;
      }
      return { made, order };
    };
    const near = (actual: readonly number[], expected: readonly number[]) => {
      expect(actual.length).toBe(expected.length);
      actual.forEach((value, i) => {
        expect(Math.abs(value - expected[i])).toBeLessThan(LOGITS);
      });
    };

    test("traces the same tokens and every head's logits", async () => {
      const { made, order } = groups(options.seed, () => ({ tau: null, trace: true }));
      engine.forget();
      await engine.run(made);
      expect(engine.errors).toEqual([]);
      order.forEach((text, id) => {
        const outcome = engine.outcomes.get(id)!;
        expect(outcome.tokens).toEqual(judged[text].tokens);
        outcome.logits.forEach((row, layer) => {
          near(row, judged[text].logits[layer]);
        });
        expect(outcome.logits.length).toBe(judged[text].logits.length);
      });
      if (options.prunes) {
        expect(judged.some(({ tokens }) => tokens.at(-1)! < tokens[0])).toBe(true);
      }
    });

    test.each(['fp32', 'int8'] as const)('gives a text the same bits in any company and alone (%s)', async (dtype) => {
      const own = dtype === 'fp32' ? engine : await InThreadEngine.create(model, dtype);
      const rule = { tau: null, trace: true };
      const inCompany = async (seed: number) => {
        const { made, order } = groups(seed, () => rule);
        own.forget();
        await own.run(made);
        return encodings.map((_, text) => own.outcomes.get(order.indexOf(text))!.logits);
      };
      const alone = async () => {
        const made: Outcome['logits'][] = [];
        for (const encoding of encodings) {
          own.forget();
          await own.run([[{ encoding, rule }]]);
          made.push(own.outcomes.get(0)!.logits);
        }
        return made;
      };
      const first = await inCompany(21);
      expect(await inCompany(22)).toEqual(first);
      expect(await alone()).toEqual(first);
      expect(own.errors).toEqual([]);
      if (own !== engine) await own.close();
    });

    test('answers at the same layers with the same logits, whatever the batch', async () => {
      const random = randomStream(options.seed, 'taus');
      const choices = options.kind === 'none' ? [null] : [null, 0, 0.3, 0.6, 0.8, 0.9, 1];
      const taus = encodings.map(() => choices[random.integer(choices.length)]);
      const { made, order } = groups(options.seed + 1, (text) => ({ tau: taus[text], trace: false }));
      engine.forget();
      await engine.run(made);
      expect(engine.errors).toEqual([]);

      const exits = new Set<number>();
      let ties = 0;
      order.forEach((text, id) => {
        const { logits } = judged[text];
        const tau = taus[text];
        const isTie =
          tau !== null && logits.some((row) => row.length > 0 && Math.abs(toNumber(uncertainty(row)) - tau) < TIE);
        if (isTie) {
          ties++;
          return;
        }
        const expected = exitLayer(uncertaintiesOf(logits), tau);
        const outcome = engine.outcomes.get(id)!;
        expect(outcome.exit).toBe(expected);
        near(outcome.logits[expected - 1], judged[text].logits[expected - 1]);
        expect(argmax(outcome.logits[expected - 1])).toBe(argmax(logits[expected - 1]));
        expect(judged[text].tokens.slice(0, outcome.tokens.length)).toEqual(outcome.tokens);
        if (tau === null) expect(outcome.logits.slice(0, -1).every((row) => row.length === 0)).toBe(true);
        exits.add(expected);
      });

      // the run must have met what it is about
      expect(ties).toBeLessThan(TEXTS / 100);
      if (options.kind !== 'none') expect(exits.size).toBeGreaterThanOrEqual(3);
      const groupOf = made.flatMap((group, number) => group.map(() => number));
      const below = engine.batches.filter(({ layer }) => layer > 1);
      expect(below.some(({ ids }) => new Set(ids.map((id) => groupOf[id])).size > 1)).toBe(true);
      if (options.kind !== 'none') {
        expect(below.some(({ ids }) => new Set(ids.map((id) => taus[order[id]])).size > 1)).toBe(true);
        // what several batches of one layer left was merged further down
        const layer1 = engine.batches.filter(({ kind, layer }) => layer === 1 && kind === 'block');
        const batchOf = new Map(layer1.flatMap(({ ids }, number) => ids.map((id) => [id, number])));
        expect(below.some(({ ids }) => new Set(ids.map((id) => batchOf.get(id))).size > 1)).toBe(true);
      }
    });
  },
);
