/**
 * The engine with a floor 0 against the sum as it is defined: the network's logits from the pass that training judges with
 * (of int8, which training has none of, from the engine's own trace), floor 0's from `Floor`, the two put together by
 * `exitLogits`, scores at their temperatures. The same exits, logits and labels at every tau, for single texts and pairs, also where floor 0 reads
 * further than the network. Each run must have met what it is about, or it fails.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diskFolder } from '../../src/disk-folder.ts';
import { answerOf, detailOf } from '../../src/engine/answer.ts';
import type { Text } from '../../src/engine/inputs.ts';
import type { Outcome, Rule } from '../../src/engine/job.ts';
import { takeIn } from '../../src/engine/take-in.ts';
import { type LoadedModel, loadModel } from '../../src/engine/workers/serve-texts.ts';
import { exitLayer, toNumber, uncertaintiesOf, uncertainty } from '../../src/pyramid/exits/exit-rule.ts';
import { type ExitLogits, exitLogits, temperatureAt, tempered } from '../../src/pyramid/exits/sum.ts';
import { Floor, floorLength, secondOf } from '../../src/pyramid/floor/index.ts';
import { argmax } from '../../src/pyramid/logits.ts';
import { randomStream } from '../../src/random.ts';
import { devices } from '../../src/runtime/devices.ts';
import { Tracer } from '../../src/train/trace/tracer.ts';
import { compile } from '../support/cpu.ts';
import { InThreadEngine } from '../support/in-thread-engine.ts';
import { MAX_LENGTH, randomLinearModel, randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const TEXTS = 150;
const LOGITS = 1e-4;
/** Nearer than this to its tau, rounding may send a text either way. */
const TIE = 1e-5;
const TAUS = [null, 0.002, 0.2, 0.4, 0.6, 0.8, 0.95, 1];
const TURNS = 4;

const cases = [
  { kind: 'pooled', pairs: false, dtype: 'fp32', seed: 21 },
  { kind: 'aligned', pairs: true, dtype: 'fp32', seed: 22 },
  { kind: 'fastbert', pairs: false, dtype: 'fp32', seed: 23 },
  { kind: 'none', pairs: false, dtype: 'fp32', seed: 24 },
  { kind: 'cls', pairs: false, dtype: 'int8', seed: 25 },
  { kind: 'aligned', pairs: true, dtype: 'int8', seed: 26 },
  { kind: 'pooled', pairs: false, dtype: 'fp32', seed: 27, exitTemperatures: [0.6, 1.7, 0.8, 2.5] },
  { kind: 'fastbert', pairs: false, dtype: 'int8', seed: 28, exitTemperatures: [1.5, 0.7, 1, 0.5] },
] as const;

/** Some are longer than the network reads; one has no feature. */
function textsOf(seed: number, pairs: boolean): Text[] {
  const seconds = pairs ? randomTexts(seed + 100, TEXTS, 35) : [];
  return [...randomTexts(seed, TEXTS - 1, 60), 'unseen'].map((text, i) => ({
    text,
    pair: i === TEXTS - 1 ? undefined : seconds[i],
  }));
}

const near = (actual: readonly number[], expected: readonly number[]) => {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - expected[i])).toBeLessThan(LOGITS);
  });
};

const isTie = ({ floor, layers }: ExitLogits, tau: number | null): boolean =>
  tau !== null &&
  [floor ?? [], ...layers].some((row) => row.length > 0 && Math.abs(toNumber(uncertainty(row)) - tau) < TIE);

describe.each(cases)('$kind heads with a floor 0, pairs $pairs, $dtype (seed $seed): the engine', (options) => {
  let loaded: LoadedModel;
  let engine: InThreadEngine;
  let texts: Text[];
  let judged: { readonly logits: readonly (readonly number[])[]; readonly tokens: readonly number[] }[];
  let z0: (readonly number[] | null)[];
  let expected: ExitLogits[];

  const run = async (ruleOf: (text: number) => Rule): Promise<Outcome[]> => {
    const random = randomStream(options.seed, 'arrivals');
    const groups: { text: Text; rule: Rule }[][] = [];
    for (let at = 0; at < TEXTS; ) {
      const size = 1 + random.integer(30);
      const here = texts.slice(at, at + size);
      groups.push(here.map((text, i) => ({ text, rule: ruleOf(at + i) })));
      at += size;
    }
    engine.forget();
    await engine.runTexts(loaded, groups);
    expect(engine.errors).toEqual([]);
    return texts.map((_, id) => engine.outcomes.get(id)!);
  };

  beforeAll(async () => {
    const name = `model-${options.seed}`;
    const { dir, model } = await randomModel(root, name, { ...options, prunes: true, floor: true });
    loaded = await loadModel(diskFolder(dir), options.dtype, { spec: devices.cpu, compile });
    engine = await InThreadEngine.create(model, options.dtype);
    texts = textsOf(options.seed, options.pairs);
    const floor = new Floor(model.floor!);
    z0 = texts.map(({ text, pair }) => {
      const encoding = loaded.tokenizer.encode(text, pair, floorLength(model.floor!.info));
      const z = floor.logits(encoding.ids, secondOf(encoding));
      return z ? Array.from(z) : null;
    });
    if (options.dtype === 'fp32') {
      const encodings = texts.map(({ text, pair }) => loaded.tokenizer.encode(text, pair, MAX_LENGTH));
      const tracer = await Tracer.create(model, 'hard', compile);
      judged = await tracer.trace({
        encodings,
        labels: encodings.map(() => 0),
        lengths: Int32Array.from(encodings, ({ ids }) => ids.length),
        truncated: 0,
      });
      await tracer.close();
    } else judged = (await run(() => ({ tau: null, trace: true }))).map(({ logits, tokens }) => ({ logits, tokens }));
    expected = judged.map(({ logits }, i) => exitLogits(logits, z0[i], loaded.sum));
  });
  afterAll(async () => {
    await engine.close();
    await loaded.programs.close();
  });

  test("traces the network's logits and floor 0's apart", async () => {
    const outcomes = await run(() => ({ tau: null, trace: true }));
    outcomes.forEach(({ logits, tokens, floor, exit }, i) => {
      expect(exit).toBe(4);
      expect(tokens).toEqual(judged[i].tokens);
      expect(floor).toEqual(z0[i]);
      expect(logits).toHaveLength(4);
      logits.forEach((row, layer) => {
        near(row, judged[i].logits[layer]);
      });
    });
    expect(z0.filter((z) => z === null).length).toBeGreaterThan(0);
  });

  test('answers by the sum, at the same exits, whatever the batch and the tau', async () => {
    const exits = new Set<number>();
    let ties = 0;
    let cut = 0;
    let changed = 0;
    let moved = 0;
    for (let turn = 0; turn < TURNS; turn++) {
      // every text at another tau each turn, and all taus in every batch
      const tauOf = (text: number) => TAUS[(3 * text + 2 * turn + Math.floor(text / TAUS.length)) % TAUS.length];
      const outcomes = await run((text) => ({ tau: tauOf(text), trace: false }));
      outcomes.forEach((outcome, i) => {
        const { floor, layers } = expected[i];
        const tau = tauOf(i);
        if (isTie(expected[i], tau)) {
          ties++;
          return;
        }
        const exit = exitLayer(uncertaintiesOf(layers), tau, floor && uncertainty(floor));
        expect(outcome.exit).toBe(exit);
        const logits = exit === 0 ? floor! : layers[exit - 1];
        const detail = detailOf(loaded, { ...outcome, tokenizeMs: 0, inferenceMs: 0 }, tau);
        near(detail.logits, tempered(logits, temperatureAt(loaded.info.exitTemperatures, exit)));
        if (detail.logits.some((z, c) => Math.abs(z - logits[c]) > LOGITS)) moved++;
        const { label } = answerOf(loaded, outcome, { tau, topK: 1 });
        expect(label).toBe(loaded.config.labels[argmax(logits)]);
        expect(outcome.tokens[0]).toBe(judged[i].tokens[0]);
        if (outcome.truncated && exit === 0) cut++;
        if (exit > 0 && argmax(logits) !== argmax(judged[i].logits[exit - 1])) changed++;
        exits.add(exit);
      });
    }
    expect(moved > 0).toBe('exitTemperatures' in options);
    expect(ties).toBeLessThan((TURNS * TEXTS) / 50);
    expect(exits.has(0) && exits.has(4)).toBe(true);
    if (options.kind !== 'none') expect(exits.size).toBeGreaterThanOrEqual(3);
    expect(cut).toBeGreaterThan(0);
    expect(changed).toBeGreaterThan(0);
  });
});

describe.each([false, true])('a model without a network, pairs %s', (pairs) => {
  test('answers every text by floor 0, at any tau, with its bias where it knows nothing', async () => {
    const { dir, model } = await randomLinearModel(root, `linear-${pairs}`, { seed: 31, pairs });
    const compiles = () => Promise.reject(new Error('a program was compiled'));
    const loaded = await loadModel(diskFolder(dir), null, { spec: devices.cpu, compile: compiles });
    const floor = new Floor(model.floor!);
    let unknown = 0;
    textsOf(31, pairs).forEach((text, id) => {
      const { outcome, jobs } = takeIn(loaded, id, text, { tau: null, trace: false });
      expect(jobs).toEqual([]);
      const encoding = loaded.tokenizer.encode(text.text, text.pair, floorLength(model.floor!.info));
      const z = floor.logits(encoding.ids, secondOf(encoding));
      if (!z) unknown++;
      expect(outcome).toMatchObject({ exit: 0, logits: [], truncated: false, tokens: [encoding.ids.length] });
      expect(outcome!.floor).toEqual(Array.from(z ?? floor.bias));
      const { floor: answer } = exitLogits([], outcome!.floor, loaded.sum);
      const detail = detailOf(loaded, { ...outcome!, tokenizeMs: 0, inferenceMs: 0 }, null);
      near(detail.logits, answer!);
      expect(detail.best).toBe(argmax(answer!));
    });
    expect(unknown).toBeGreaterThan(0);
  });
});
