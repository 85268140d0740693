/** A model with a floor 0 in a page, over a slow line: what leaves there is answered before the network has come. */
import { cpSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Pyramid } from '../../src/index.ts';
import { trainWordPiece } from '../../src/text/index.ts';
import { buildEngine, type EngineWindow, type Noise, openPage, PAGES } from '../support/browser-page.ts';
import { hasChromium, launchChromium } from '../support/chromium.ts';
import { expectNear } from '../support/expect-near.ts';
import { randomLinearModel, randomModel } from '../support/random-model.ts';
import { realTexts } from '../support/real-texts.ts';
import { type StaticSite, staticSite } from '../support/static-site.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The last bits of an exponential and of a logarithm are the browser's own. */
const ROUNDING = 1e-12;

/** What a test keeps in the page from one step to the next. */
interface Kept {
  engine: Awaited<ReturnType<EngineWindow['web']['openModel']>>;
  waiting: Promise<unknown>;
  isThere: boolean;
  steps: number[];
}

describe.skipIf(!hasChromium)('in Chromium (skipped where there is none), a page', () => {
  const root = temporaryFolder();
  const texts = realTexts(40, 200);
  let browser: Browser;
  let site: StaticSite;
  /** Lets the weights go that are held. */
  let release = () => {};
  const closers: (() => Promise<void>)[] = [];

  const open = async (): Promise<[Page, Noise]> => {
    const { page, noise, close } = await openPage(browser, site.url);
    closers.push(close);
    site.requests.length = 0;
    return [page, noise];
  };

  beforeAll(async () => {
    await buildEngine(root);
    const tokenizer = trainWordPiece(texts, { vocabularySize: 1000 });
    const options = { kind: 'pooled', prunes: true, hiddenSize: 64, maxLength: 64, tokenizer, floor: true } as const;
    await randomModel(root, 'model', { seed: 5, ...options });
    await randomLinearModel(root, 'linear', { seed: 6, tokenizer });
    cpSync(join(root, 'model'), join(root, 'cut'), { recursive: true });
    truncateSync(join(root, 'cut', 'model.safetensors'), 4000);
    browser = await launchChromium();
    const hold = (path: string) =>
      path === '/model/model.safetensors'
        ? new Promise<void>((resolve) => {
            release = resolve;
          })
        : undefined;
    site = await staticSite({ folders: [['/', root]], pages: PAGES, hold });
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  test('has answers of floor 0 before the weights, and the others after them', async () => {
    const [page, noise] = await open();
    const first = await page.evaluate(async (texts) => {
      const { web } = globalThis as unknown as EngineWindow;
      const kept = globalThis as unknown as Kept;
      kept.steps = [];
      kept.engine = await web.openModel('model', { onProgress: ({ loaded }) => kept.steps.push(loaded) });
      kept.isThere = false;
      void kept.engine.ready.then(() => {
        kept.isThere = true;
      });
      const answers = await kept.engine.classify(texts, { tau: 1, topK: 3 });
      // one without a feature, one that is asked for all layers, and one that is explained
      kept.waiting = Promise.all([
        kept.engine.classify(['', ...texts], { tau: 0.5 }),
        kept.engine.classify([texts[0]], { tau: null }),
        kept.engine.explain(texts[0]),
      ]);
      const gaveUp = await kept.engine
        .classify([''], { tau: 1, signal: AbortSignal.timeout(50) })
        .catch((error: Error) => error.name);
      const state = await Promise.race([
        kept.waiting.then(() => 'answered'),
        new Promise((go) => setTimeout(go, 300, 'waits')),
      ]);
      return { answers, state, isThere: kept.isThere, steps: kept.steps.length, gaveUp };
    }, texts);
    await using node = await Pyramid.load(join(root, 'model'), { workers: 1 });
    expectNear(first.answers, await node.classify(texts, { tau: 1, topK: 3 }), ROUNDING);
    expect(new Set(first.answers.map(({ exit }) => exit))).toEqual(new Set([0]));
    expect(first).toMatchObject({ state: 'waits', isThere: false, gaveUp: 'TimeoutError' });

    release();
    const [answers, [full], explained] = (await page.evaluate(() => (globalThis as unknown as Kept).waiting)) as [
      { exit: number; label: string }[],
      { label: string }[],
      { floor: unknown; layers: unknown[] },
    ];
    const brief = (all: readonly { exit: number; label: string }[]) => all.map(({ exit, label }) => `${exit} ${label}`);
    expect(brief(answers)).toEqual(brief(await node.classify(['', ...texts], { tau: 0.5 })));
    expect(new Set(answers.map(({ exit }) => exit > 0)).size).toBe(2);
    expect(answers[0].exit).toBeGreaterThan(0);
    expect(full.label).toBe((await node.classify(texts[0], { tau: null })).label);
    const wanted = await node.explain(texts[0]);
    expectNear(explained.floor, wanted.floor, ROUNDING);
    expect(explained.layers).toHaveLength(4);
    const end = await page.evaluate(async () => {
      const kept = globalThis as unknown as Kept;
      await kept.engine.ready;
      await kept.engine.close();
      return kept.steps.length;
    });
    expect(end).toBeGreaterThan(first.steps);
    await expect.poll(() => page.workers().length).toBe(0);
    expect(noise.messages).toEqual([]);
    // the small files once each, and before the weights
    const files = site.requests.filter((path) => path.startsWith('/model/'));
    expect(files.toSorted()).toEqual(
      ['config.json', 'floor.safetensors', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'].map(
        (name) => `/model/${name}`,
      ),
    );
    expect(files.at(-1)).toBe('/model/model.safetensors');
  });

  test('closes while the network is still coming', async () => {
    const [page] = await open();
    const codes = await page.evaluate(async () => {
      const { web } = globalThis as unknown as EngineWindow;
      const engine = await web.openModel('model');
      const codeOf = (error: { code?: string }) => error.code;
      const waiting = engine.classify([''], { tau: 1 }).catch(codeOf);
      const ready = engine.ready.catch(codeOf);
      await engine.close();
      return [await waiting, await ready];
    });
    expect(codes).toEqual(['MP_CLOSED', 'MP_CLOSED']);
    await expect.poll(() => page.workers().length).toBe(0);
    release();
  });

  test('downloads no runtime and no weights for a model without a network, and has the answers of Node', async () => {
    const [page, noise] = await open();
    const found = await page.evaluate(
      async (texts) => {
        const { web } = globalThis as unknown as EngineWindow;
        const engine = await web.openModel('linear');
        await engine.ready;
        const answers = await engine.classify(texts, { topK: 3 });
        const explained = await engine.explain(texts[0]);
        const words = await engine.explain(texts[1]);
        const at = web.answerAt(explained, engine.info, null);
        await engine.close();
        return { answers, explained, words, at, info: engine.info };
      },
      ['', ...texts],
    );
    await using node = await Pyramid.load(join(root, 'linear'), { workers: 1 });
    expectNear(found.answers, await node.classify(['', ...texts], { topK: 3 }), ROUNDING);
    expectNear([found.explained, found.words], [await node.explain(''), await node.explain(texts[0])], ROUNDING);
    expect(found.at).toMatchObject({ exit: 0, label: found.answers[0].label, score: found.answers[0].score });
    expect(found.info).toMatchObject({ hasFloor: true, shape: { layers: 0 } });
    expect(site.requests.filter((path) => /wasm|ort|model\.safetensors/.test(path))).toEqual([]);
    expect(noise.messages).toEqual([]);
  });

  test('says in one sentence why the network does not come, and floor 0 goes on answering', async () => {
    const [page] = await open();
    const found = await page.evaluate(async (texts) => {
      const { web } = globalThis as unknown as EngineWindow;
      const engine = await web.openModel('cut');
      const tell = ({ code, message }: { code?: string; message: string }) => ({ code, message });
      const waiting = engine.classify([texts[0]], { tau: null }).catch(tell);
      const ready = engine.ready.then(() => 'ready', tell);
      const errors = [await waiting, await ready, await engine.classify([texts[0]], { tau: null }).catch(tell)];
      const [{ exit }] = await engine.classify([texts[0]], { tau: 1 });
      return { errors, exit };
    }, texts);
    const error = { code: 'MP_MODEL_FILE', message: expect.stringContaining('cut/model.safetensors') };
    expect(found).toEqual({ errors: [error, error, error], exit: 0 });
  });

  test('opens one from dropped files too', async () => {
    const [page] = await open();
    const exits = await page.evaluate(async (text) => {
      const { web } = globalThis as unknown as EngineWindow;
      const names = [
        'config.json',
        'floor.safetensors',
        'model.safetensors',
        'tokenizer.json',
        'tokenizer_config.json',
      ];
      const files = await Promise.all(
        names.map(async (name) => new File([await (await fetch(`cut/${name}`)).blob()], name)),
      );
      const engine = await web.openModel(files);
      const [{ exit }] = await engine.classify([text], { tau: 1 });
      const code = await engine.ready.catch((error: { code?: string }) => error.code);
      await engine.close();
      return [exit, code];
    }, texts[0]);
    expect(exits).toEqual([0, 'MP_MODEL_FILE']);
  });
});
