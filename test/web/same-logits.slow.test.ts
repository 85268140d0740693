/**
 * The engine in a real browser against the engine in Node, on real texts: the same tokens left at every layer, the same
 * logits of every head, the same exits. Each run must have met what it is about, or it fails.
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Pyramid, type TextInput, type TracedText } from '../../src/index.ts';
import { exitLayer, toNumber, uncertaintiesOf, uncertainty } from '../../src/pyramid/exits/exit-rule.ts';
import { exitLogits } from '../../src/pyramid/exits/sum.ts';
import { trainWordPiece } from '../../src/text/index.ts';
import { buildEngine, type EngineWindow, openPage, PAGES } from '../support/browser-page.ts';
import { hasChromium, launchChromium } from '../support/chromium.ts';
import { expectNear } from '../support/expect-near.ts';
import { DEBERTA, type RandomModelOptions, randomLinearModel, randomModel } from '../support/random-model.ts';
import { realTexts } from '../support/real-texts.ts';
import { type StaticSite, staticSite } from '../support/static-site.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const LOGITS = 1e-4;
/** Floor 0 is no matter of float32; the last bits of a logarithm are the browser's own. */
const FLOOR_LOGITS = 1e-9;
/** Nearer than this to its tau, rounding may send a text either way. */
const TIE = 1e-5;
const TAUS = [0.3, 0.5, 0.7, 0.85, 0.95];

const cases = [
  { kind: 'cls', prunes: true, pairs: false, seed: 1 },
  { kind: 'cls', prunes: true, pairs: true, seed: 2 },
  { kind: 'pooled', prunes: true, pairs: false, seed: 3 },
  { kind: 'pooled', prunes: true, pairs: true, seed: 4 },
  { kind: 'aligned', prunes: true, pairs: true, seed: 8 },
  { kind: 'pooled', prunes: false, pairs: false, seed: 5 },
  { kind: 'fastbert', prunes: true, pairs: false, seed: 6 },
  { kind: 'none', prunes: false, pairs: false, seed: 7 },
  { family: 'mpnet', kind: 'pooled', prunes: true, pairs: true, seed: 11 },
  {
    family: 'modernbert',
    kind: 'pooled',
    prunes: true,
    pairs: true,
    seed: 12,
    more: { local_attention: 12, pad_token_id: 0 },
  },
  { family: 'deberta-v2', kind: 'pooled', prunes: true, pairs: true, seed: 13, more: DEBERTA },
  { kind: 'pooled', prunes: true, pairs: false, seed: 9, floor: true, exitTemperatures: [0.6, 1.7, 0.8, 2.5] },
  { kind: 'aligned', prunes: true, pairs: true, seed: 10, floor: true, figures: 0.002 },
] as const satisfies readonly Pick<
  RandomModelOptions,
  'family' | 'more' | 'kind' | 'prunes' | 'pairs' | 'seed' | 'floor' | 'figures' | 'exitTemperatures'
>[];

const distances = (a: readonly TracedText[], b: readonly TracedText[]): number[] =>
  a.flatMap(({ logits }, i) => logits.flatMap((row, l) => row.map((x, c) => Math.abs(x - b[i].logits[l][c]))));
const worst = (...traces: [TracedText[], TracedText[]]): number => Math.max(...distances(...traces));
const floors = (traced: readonly TracedText[]) => traced.map(({ floor }) => floor);
const mean = (...traces: [TracedText[], TracedText[]]): number => {
  const all = distances(...traces);
  return all.reduce((sum, x) => sum + x, 0) / all.length;
};

describe.skipIf(!hasChromium)('in Chromium (skipped where there is none)', () => {
  const root = temporaryFolder();
  const texts = realTexts(100, 400);
  let browser: Browser;
  let site: StaticSite;
  let isolated: StaticSite;

  beforeAll(async () => {
    await buildEngine(root);
    const tokenizer = trainWordPiece(texts, { vocabularySize: 1500 });
    for (const options of cases)
      await randomModel(root, `model-${options.seed}`, { ...options, hiddenSize: 64, maxLength: 96, tokenizer });
    for (const pairs of [false, true])
      await randomLinearModel(root, `linear-${pairs}`, { seed: 11, pairs, tokenizer, figures: 0.002 });
    browser = await launchChromium();
    const folders = [['/', root]] as const;
    site = await staticSite({ folders, pages: PAGES });
    isolated = await staticSite({ folders, pages: PAGES, isolated: true });
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    await isolated?.close();
  });

  const inBrowser = async (
    name: string,
    inputs: readonly TextInput[],
    {
      dtype = 'fp32',
      threads = 1,
      device = 'wasm',
      on = browser,
    }: { dtype?: 'fp32' | 'int8'; threads?: number; device?: 'wasm' | 'webgpu'; on?: Browser } = {},
  ) => {
    const address = threads > 1 ? isolated.url : site.url;
    const { page, noise, close } = await openPage(on, `${address}/inside.html`);
    const result = await page.evaluate(
      async ({ inputs, dtype, threads, device, taus, model }) => {
        const { BrowserPyramid } = globalThis as unknown as EngineWindow;
        const pyramid = await BrowserPyramid.load(model, { device, threads, dtype, onFetched() {} });
        const traced = await pyramid.trace(inputs);
        const exits: number[][] = [];
        if (pyramid.headKind !== 'none')
          for (const tau of taus) exits.push((await pyramid.classify(inputs, { tau })).map(({ exit }) => exit));
        await pyramid.close();
        return { traced, exits, isIsolated: (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated };
      },
      { inputs, dtype, threads, device, taus: device === 'wasm' ? TAUS : [], model: `${address}/${name}` },
    );
    expect(noise.messages).toEqual([]);
    await close();
    return result;
  };

  const inputsFor = (pairs: boolean): TextInput[] =>
    texts.map((text, i) =>
      pairs ? { text: text.slice(0, 150), pair: texts[(i + 7) % texts.length].slice(0, 150) } : text,
    );

  describe.each(cases)('$kind heads, pruning $prunes, pairs $pairs (seed $seed)', (options) => {
    const { kind, prunes, pairs, seed } = options;
    const hasFloor = 'floor' in options;
    const inputs = inputsFor(pairs);
    let node: Pyramid;
    beforeAll(async () => {
      node = await Pyramid.load(`${root}/model-${seed}`, { workers: 1, dtype: 'fp32' });
    });
    afterAll(() => node.close());

    test('leaves the same tokens, gives the same logits, exits at the same layers', async () => {
      const expected = await node.trace(inputs);
      const { traced, exits } = await inBrowser(`model-${seed}`, inputs);
      expect(traced.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
      expect(traced.map(({ logits }) => logits.map((row) => row.length))).toEqual(
        expected.map(({ logits }) => logits.map((row) => row.length)),
      );
      expect(worst(traced, expected)).toBeLessThan(LOGITS);

      if (hasFloor) expectNear(floors(traced), floors(expected), FLOOR_LOGITS);
      expect(expected.every(({ floor }) => (floor !== undefined) === hasFloor)).toBe(true);
      exits.forEach((found, i) => {
        const wanted = expected.map(({ logits, floor = null }, t) => {
          const { floor: z0, layers } = exitLogits(logits, floor, node.exitSum);
          const isNear = layers.some((row) => row.length > 0 && Math.abs(toNumber(uncertainty(row)) - TAUS[i]) < TIE);
          return isNear ? found[t] : exitLayer(uncertaintiesOf(layers), TAUS[i], z0 && uncertainty(z0));
        });
        expect(found).toEqual(wanted);
      });
      // what it is about has happened
      if (prunes) expect(traced.filter(({ tokens }) => tokens.at(-1)! < tokens[0]).length).toBeGreaterThan(60);
      if (kind !== 'none') expect(new Set(exits.flat()).size).toBeGreaterThan(2);
      expect(exits.flat().includes(0)).toBe(hasFloor);
      expect(Math.max(...traced.map(({ length }) => length))).toBe(96);
    });
  });

  test.each([false, true])('without a network, floor 0 gives the same, pairs %s', async (pairs) => {
    const inputs = inputsFor(pairs);
    await using node = await Pyramid.load(`${root}/linear-${pairs}`, { workers: 1 });
    const { traced } = await inBrowser(`linear-${pairs}`, inputs);
    const expected = await node.trace(inputs);
    expect(traced.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
    expectNear(floors(traced), floors(expected), FLOOR_LOGITS);
    expect(new Set(traced.map(({ floor }) => floor!.indexOf(Math.max(...floor!)))).size).toBeGreaterThan(1);
  });

  // where the last bit of a float32 differs, a byte may: the whole products are the same, not each answer's digits
  test('int8 gives what int8 gives in Node, far nearer to it than to fp32', async () => {
    await using exact = await Pyramid.load(`${root}/model-5`, { workers: 1, dtype: 'fp32' });
    await using node = await Pyramid.load(`${root}/model-5`, { workers: 1, dtype: 'int8' });
    const expected = await node.trace(texts);
    const { traced } = await inBrowser('model-5', texts, { dtype: 'int8' });
    const fp32 = await exact.trace(texts);
    const int8Error = mean(expected, fp32);
    expect(int8Error).toBeGreaterThan(100 * LOGITS);
    if (node.weightBits === 8) expect(mean(traced, expected)).toBeLessThan(int8Error / 10);
    else {
      // Node's weights have 7 bits where the processor has no byte products; WebAssembly holds 8 anywhere, and is nearer
      expect(mean(traced, fp32)).toBeGreaterThan(100 * LOGITS);
      expect(mean(traced, fp32)).toBeLessThan(0.8 * int8Error);
    }
  });

  test('two threads of a page that is isolated from other origins give what one gives', async () => {
    const { traced: one } = await inBrowser('model-3', texts.slice(0, 40));
    const { traced: two, isIsolated } = await inBrowser('model-3', texts.slice(0, 40), { threads: 2 });
    expect(isIsolated).toBe(true);
    expect(two.map(({ tokens }) => tokens)).toEqual(one.map(({ tokens }) => tokens));
    expect(worst(one, two)).toBeLessThan(LOGITS);
  });

  test('WebGPU gives what WebAssembly gives', async (context) => {
    // a processor's own, where the machine has no other
    const on = await launchChromium(['--enable-unsafe-webgpu']);
    try {
      const { page, close } = await openPage(on, `${site.url}/inside.html`);
      const hasAdapter = await page.evaluate(async () => {
        const { navigator } = globalThis as unknown as { navigator: { gpu?: { requestAdapter(): Promise<unknown> } } };
        return Boolean(await navigator.gpu?.requestAdapter());
      });
      await close();
      if (!hasAdapter) return context.skip('this Chromium has no WebGPU');
      await using node = await Pyramid.load(`${root}/model-3`, { workers: 1, dtype: 'fp32' });
      const few = texts.slice(0, 12);
      const expected = await node.trace(few);
      const { traced } = await inBrowser('model-3', few, { device: 'webgpu', on });
      expect(traced.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
      expect(worst(traced, expected)).toBeLessThan(LOGITS);
    } finally {
      await on.close();
    }
  });
});
