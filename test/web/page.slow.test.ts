// biome-ignore-all lint/performance/useDomNodeTextContent: what a reader sees is what is tested
/** The page behind a real server, each part used as a person would use it, in a real browser. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Papa from 'papaparse';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judge } from '../../src/evaluate/judge.ts';
import type { Trace } from '../../src/evaluate/trace.ts';
import type { Explanation } from '../../src/index.ts';
import { answerAt } from '../../src/web/answer-at.ts';
import type { EngineInfo } from '../../src/web/page-engine.ts';
import { positionOf, tauAt } from '../../web/src/shell/dial-scale.ts';
import { hasChromium, launchChromium } from '../support/chromium.ts';
import { addEvaluation, LABELS, pageModel, pageTexts, tokenizer } from '../support/page-model.ts';
import { randomLinearModel } from '../support/random-model.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { screenshot, visit } from '../support/visit.ts';

const TAU = 0.8;
/** Of the slider. */
const STEPS = 200;
const SCRIPT = '<img src=x onerror="document.title=\'broken into\'"> & <b>bold</b>';

describe.skipIf(!hasChromium)('the page behind a server (skipped where there is no Chromium)', () => {
  const root = temporaryFolder();
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serve>>;
  let trace: Trace;
  let info: EngineInfo;

  beforeAll(async () => {
    const { dir } = await pageModel(root, 'news', { kind: 'pooled', prunes: true, tau: TAU });
    await pageModel(root, 'twins', { kind: 'pooled', prunes: true, pairs: true, tau: TAU });
    await pageModel(root, 'dense', { kind: 'none', prunes: false });
    const { dir: ground } = await pageModel(root, 'ground', { kind: 'pooled', prunes: true, tau: 0.5, floor: true });
    await addEvaluation(ground, 0.5);
    await pageModel(root, 'twin-ground', { kind: 'aligned', prunes: true, pairs: true, floor: true, figures: 0.002 });
    await randomLinearModel(root, 'linear', { seed: 3, labels: LABELS, tokenizer });
    trace = await addEvaluation(dir, TAU);
    const grounds = Object.fromEntries(['ground', 'twin-ground', 'linear'].map((name) => [name, join(root, name)]));
    server = await serve({ news: dir, twins: join(root, 'twins'), dense: join(root, 'dense'), ...grounds });
    info = (await server.get('/v1/models/news')).body;
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  const explained = async (input: unknown, model = 'news'): Promise<Explanation> =>
    (await server.post('/v1/explain', { model, input })).body;
  /** Types the text and waits for its pyramid. */
  const type = async (page: Page, text: string) => {
    await page.getByLabel('Text to classify').fill(text);
    await page.locator('.answer:not(.waiting)').waitFor();
    await page.waitForFunction(
      (words) => document.querySelector('.token:nth-child(2)')?.textContent === words,
      (await explained(text)).pieces[1],
    );
  };
  /** To the slider's step that is next to tau; gives the tau that it stands for. */
  const slide = async (page: Page, tau: number): Promise<number> => {
    const step = Math.round(STEPS * positionOf(tau));
    await page.locator('input[type=range]:visible').evaluate((slider, value) => {
      (slider as HTMLInputElement).value = String(value);
      slider.dispatchEvent(new Event('input', { bubbles: true }));
    }, step);
    return tauAt(step / STEPS);
  };
  const counts = async (page: Page, selector: string) =>
    Promise.all((await page.locator('.layer').all()).map((layer) => layer.locator(selector).count()));

  describe('Try', () => {
    test('shows the pyramid of a text that is typed: what enters each layer, what leaves, where the text answers', async () => {
      await using seen = await visit(browser, server.url);
      const { page } = seen;
      const text = pageTexts[5];
      await page.getByLabel('Text to classify').fill('');
      await page.getByText('Type a text to see its pyramid').waitFor();
      await page.getByLabel('Text to classify').pressSequentially(text.slice(0, 40), { delay: 5 });
      await type(page, text);
      const explanation = await explained(text);
      const { label, score, exit } = answerAt(explanation, info, TAU);
      const left = explanation.layers.map(({ kept }) => kept.filter(Boolean).length);
      expect(await counts(page, '.token')).toEqual([explanation.pieces.length, ...left.slice(0, -1)]);
      expect(await counts(page, '.token.leaving')).toEqual(
        left.map((n, l) => (l === 0 ? explanation.pieces.length : left[l - 1]) - n),
      );
      expect(left.at(-1)).toBeLessThan(explanation.pieces.length);
      expect(await page.locator('.layer').evaluateAll((layers) => layers.map(({ className }) => className))).toEqual(
        left.map((_, l) => `layer ${l + 1 === exit ? 'exit' : l + 1 > exit ? 'skipped' : 'run'}`),
      );
      const answer = await page.locator('.answer').innerText();
      expect(answer).toContain(label);
      expect(answer).toContain(`${(100 * score).toFixed(1)} % sure`);
      expect(answer).toMatch(/layer \d/);
      expect(answer).toMatch(/FLOPs\s+[\d.]+× fewer than the dense/);
      await expect.poll(() => page.locator('.answer').innerText()).toMatch(/\d ms\s+at tau 0\.80, request and answer/);
      await screenshot(page, 'try');
      expect(seen.noise).toEqual([]);
    });

    test('moves the answer with the dial without asking again, and looks at the clock when it is let go', async () => {
      await using seen = await visit(browser, server.url);
      const { page, requests } = seen;
      const text = pageTexts[8];
      await type(page, text);
      const explanation = await explained(text);
      await expect.poll(() => page.locator('.answer').innerText()).toContain('at tau');
      const before = requests.length;
      const exits = new Set<number>();
      for (const wanted of [0, 0.5, 0.7, 0.8, 0.9, 0.95, 1]) {
        const tau = await slide(page, wanted);
        const { exit, label } = answerAt(explanation, info, tau);
        exits.add(exit);
        await expect.poll(() => page.locator('.answer').innerText()).toContain(`layer ${exit}`);
        expect(
          await page
            .locator('.layer')
            .nth(exit - 1)
            .getAttribute('class'),
        ).toContain('exit');
        expect(await page.locator('.answer .label').innerText()).toContain(label);
      }
      expect(exits.size).toBeGreaterThan(1);
      expect(requests.slice(before)).toEqual([]);
      await page.locator('input[type=range]:visible').press('ArrowLeft');
      await expect.poll(() => page.locator('.answer').innerText()).toContain('at tau 0.999');
      expect(await page.getByRole('slider').getAttribute('aria-valuetext')).toBe('0.999');
      expect(requests.slice(before)).toEqual(['POST /v1/classify']);
      await page.getByLabel('early exit').uncheck();
      await expect.poll(() => page.locator('.answer').innerText()).toContain(`layer ${info.shape.layers}`);
      await expect.poll(() => page.locator('.answer').innerText()).toContain('at tau off');
      expect(seen.noise).toEqual([]);
    });

    test('draws the ground floor: words for and against the answer, what floor 0 says, and whether the text leaves there', async () => {
      await using seen = await visit(browser, server.url);
      const { page } = seen;
      await page.getByLabel('Model').selectOption('ground');
      await page.locator('.layer.floor').waitFor();
      const ground: EngineInfo = (await server.get('/v1/models/ground')).body;
      await page.getByLabel('Text to classify').fill(pageTexts[5]);
      const explanation = await explained(pageTexts[5], 'ground');
      await expect.poll(() => page.locator('.layer.floor .token').count()).toBe(explanation.pieces.length);
      const exits = new Set<number>();
      for (const tau of [0, 1]) {
        await slide(page, tau);
        const { exit, label } = answerAt(explanation, ground, tau);
        exits.add(exit);
        await expect
          .poll(() => page.locator('.answer').innerText())
          .toContain(exit === 0 ? 'floor 0' : `layer ${exit}`);
        expect(await page.locator('.layer').nth(exit).getAttribute('class')).toContain('exit');
        const at = ground.labels.indexOf(label);
        const sides = explanation.floor!.contributions.map((logits) => {
          const support = logits[at] - logits.reduce((sum, z) => sum + z, 0) / logits.length;
          return support === 0 ? '' : support > 0 ? `for ${label}` : `against ${label}`;
        });
        const spoken = await page
          .locator('.layer.floor .token')
          .evaluateAll((all) => all.map((token) => token.getAttribute('aria-label') ?? ''));
        expect(spoken.map((words) => / (for|against) \w+(?=, [+−\d])/.exec(words)?.[0].trim() ?? '')).toEqual(sides);
        expect(new Set(sides).size).toBe(3);
      }
      expect(exits.has(0)).toBe(true);
      expect(await page.locator('.inspector').innerText()).toMatch(
        /Floor 0[\s\S]*sure enough for tau 1\.00[\s\S]*words\s+[+−]/,
      );
      expect(await page.locator('.legend-line').innerText()).toContain('blue words speak for');
      await screenshot(page, 'try-floor');
      await page.getByRole('tab', { name: 'Trade-off' }).click();
      await page.getByText('Leave at floor 0').waitFor();
      expect(seen.noise).toEqual([]);
    });

    test('shows the overlap figures of a pair, and the ground floor alone where there is no network', async () => {
      await using seen = await visit(browser, server.url);
      const { page } = seen;
      await page.getByLabel('Model').selectOption('twin-ground');
      await page.getByLabel('Second text').waitFor();
      await page.locator('.layer.floor .name').hover();
      await expect.poll(() => page.locator('.inspector').innerText()).toMatch(/share in common\s+[+−]?\d/);
      await page.getByLabel('Model').selectOption('linear');
      await page.getByText('This model has no network').waitFor();
      await expect.poll(() => page.locator('.layer').count()).toBe(1);
      expect(await page.locator('.layer').getAttribute('class')).toBe('layer floor exit');
      expect(await page.locator('.answer').innerText()).toContain('there is no network');
      expect(await page.locator('.model').innerText()).toMatch(/linear, no network, on the server/);
      await screenshot(page, 'try-linear');
      expect(seen.noise).toEqual([]);
    });

    test('opens on a row of the model’s own folder, with its true label beside the answer for as long as it is that row', async () => {
      const { dir } = await pageModel(root, 'own', { kind: 'pooled', prunes: true, tau: TAU });
      const examples = [{ text: pageTexts[6], label: 'a label of its own' }, { text: pageTexts[7] }];
      await writeFile(join(dir, 'examples.json'), JSON.stringify({ about: 'Trained on very little.', examples }));
      const own = await serve({ own: dir });
      await using seen = await visit(browser, own.url);
      const { page } = seen;
      await page.getByText('Trained on very little.').waitFor();
      await expect.poll(() => page.getByLabel('Text to classify').inputValue()).toBe(pageTexts[6]);
      await expect.poll(() => page.locator('.answer').innerText()).toContain('true label: a label of its own');
      expect(await page.locator('.examples button').count()).toBe(2);
      await page.getByLabel('Text to classify').fill(`${pageTexts[6]} again`);
      await expect.poll(() => page.locator('.answer').innerText()).not.toContain('true label');
      await page.locator('.examples button').nth(1).click();
      await expect.poll(() => page.getByLabel('Text to classify').inputValue()).toBe(pageTexts[7]);
      await page.locator('.answer:not(.waiting)').waitFor();
      expect(await page.locator('.answer').innerText()).not.toContain('true label');
      expect(seen.noise).toEqual([]);
    });

    test('opens the details of a token that is tapped on a phone within reach, closes them, and is back at the token', async () => {
      await using seen = await visit(browser, server.url, {
        viewport: { width: 390, height: 844 },
        hasTouch: true,
        isMobile: true,
      });
      const { page } = seen;
      await page.locator('.layer.exit').waitFor();
      const token = page.locator('.layer').first().locator('.token').nth(2);
      await token.tap();
      const sheet = page.locator('.inspector.open');
      await sheet.getByText('token 3 of').waitFor();
      const box = (await sheet.boundingBox())!;
      expect(box.y).toBeGreaterThanOrEqual(0);
      expect(box.y + box.height).toBeLessThanOrEqual(844);
      await sheet.getByRole('button', { name: 'Close' }).tap();
      await expect.poll(() => sheet.count()).toBe(0);
      expect(await token.evaluate((one) => one === document.activeElement)).toBe(true);
      expect(seen.noise).toEqual([]);
    });

    test('drops an outdated question: the answer is that of the last text', async () => {
      const held: (() => void)[] = [];
      await using seen = await visit(browser, server.url, {
        prepare: async (page) => {
          await page.route('**/v1/explain', async (route) => {
            if (route.request().postData()?.includes('outdated')) await new Promise<void>((go) => held.push(go));
            await route.continue().catch(() => {});
          });
        },
      });
      const { page } = seen;
      const failed: string[] = [];
      page.on('requestfailed', (request) => failed.push(request.postData() ?? ''));
      // the page's own first text, its run on the clock too, is over: given up for this one, it would count
      await expect.poll(() => page.locator('.answer').innerText()).toContain('at tau');
      failed.length = 0;
      await page.getByLabel('Text to classify').fill('outdated words');
      await expect.poll(() => held.length).toBe(1);
      await type(page, pageTexts[2]);
      for (const go of held) go();
      expect(failed).toEqual([expect.stringContaining('outdated')]);
      expect(await page.locator('.layer').first().locator('.token').count()).toBe(
        (await explained(pageTexts[2])).pieces.length,
      );
    });

    test('shows no answer of another text next to an error, and no error of another text next to an answer', async () => {
      await using seen = await visit(browser, server.url, {
        prepare: async (page) => {
          await page.route('**/v1/classify', async (route) => {
            if (!route.request().postData()?.includes('refused')) return route.continue();
            await route.fulfill({ status: 503, json: { error: { code: 'MP_CLOSED', message: 'not today' } } });
          });
          await page.route('**/v1/explain', async (route) => {
            if (!route.request().postData()?.includes('refused')) return route.continue();
            await route.fulfill({ status: 503, json: { error: { code: 'MP_CLOSED', message: 'not today' } } });
          });
        },
      });
      const { page } = seen;
      await type(page, pageTexts[3]);
      await page.getByLabel('Text to classify').fill('refused words');
      await page.getByRole('alert').getByText('not today').waitFor();
      expect(await page.locator('.answer').count()).toBe(0);
      expect(await page.locator('.layer').count()).toBe(0);
      // typed on: the sentence goes before there is an answer, and comes again for a text that is refused too
      await page.getByLabel('Text to classify').fill('refused words again');
      await page.getByRole('alert').getByText('not today').waitFor();
      await type(page, pageTexts[4]);
      expect(await page.getByRole('alert').count()).toBe(0);
      expect(await page.locator('.answer').count()).toBe(1);
      // a run on the clock that fails takes the time away, not the answer: that is this text's
      await expect.poll(() => page.locator('.answer').innerText()).toContain('at tau');
      await page.unroute('**/v1/classify');
      await page.route('**/v1/classify', (route) =>
        route.fulfill({ status: 503, json: { error: { code: 'MP_CLOSED', message: 'not today' } } }),
      );
      await slide(page, 0.3);
      await page.locator('input[type=range]:visible').dispatchEvent('change');
      await page.getByRole('alert').getByText('not today').waitFor();
      expect(await page.locator('.answer').innerText()).not.toContain('at tau');
      expect(await page.locator('.answer').count()).toBe(1);
    });

    test('shows the importance scores of a token and the details of a layer, by pointer and by keyboard', async () => {
      await using seen = await visit(browser, server.url);
      const { page } = seen;
      await type(page, pageTexts[5]);
      const { pieces, layers } = await explained(pageTexts[5]);
      const details = page.getByRole('complementary', { name: 'Details' });
      await page.locator('.layer').nth(0).locator('.token').nth(3).hover();
      await expect.poll(() => details.innerText()).toContain(`token 4 of ${pieces.length}`);
      const shown = await details.locator('.value').allInnerTexts();
      expect(shown).toEqual(
        layers.map(({ importance, kept }) =>
          importance[3] === null ? 'gone' : `${(100 * importance[3]).toFixed(1)} %${kept[3] ? '' : ' ×'}`,
        ),
      );
      await page.locator('.layer').nth(1).locator('.head').hover();
      await expect.poll(() => details.innerText()).toContain('Layer 2');
      expect(await details.locator('.value').allInnerTexts()).toEqual(
        LABELS.map((label) => `${(100 * layers[1].scores![label]).toFixed(1)} %`),
      );
      expect(await details.innerText()).toContain(`Uncertainty ${layers[1].uncertainty!.toFixed(3)}`);
      // one stop of the Tab key, arrows within
      await page.getByLabel('early exit').focus();
      await page.keyboard.press('Tab');
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      await expect.poll(() => details.innerText()).toContain(`token 2 of ${pieces.length}`);
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('End');
      await expect.poll(() => details.innerText()).toContain('Layer 2');
      expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('gridcell');
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.closest('[role=grid]') === null)).toBe(true);
    });

    test('shows a text with markup as the text that it is', async () => {
      await using seen = await visit(browser, server.url);
      const { page } = seen;
      await type(page, `words ${SCRIPT}`);
      expect(await page.locator('main img, main b:has-text("bold")').count()).toBe(0);
      expect(await page.title()).toBe('Magic Pyramid');
      expect(await page.locator('.layer').first().innerText()).toContain('<');
      expect(seen.noise).toEqual([]);
    });

    test('takes two texts for a model of pairs, and shows a dense model without a dial', async () => {
      await using seen = await visit(browser, server.url);
      const { page } = seen;
      await page.getByLabel('Model').selectOption('twins');
      await page.getByLabel('First text').fill(pageTexts[3]);
      await page.getByLabel('Second text').fill(pageTexts[4]);
      const { pieces, types } = await explained({ text: pageTexts[3], pair: pageTexts[4] }, 'twins');
      await expect.poll(() => page.locator('.layer').first().locator('.token').count()).toBe(pieces.length);
      expect(await page.locator('.layer').first().locator('.token.second').count()).toBe(
        types.filter((type) => type === 1).length,
      );
      await screenshot(page, 'try-pair');
      await page.getByLabel('Model').selectOption('dense');
      await page.getByText('This model has no exit heads').waitFor();
      await page.locator('.layer.exit').waitFor();
      expect(await page.locator('.layer').last().getAttribute('class')).toContain('exit');
      expect(await page.locator('.token.leaving').count()).toBe(0);
      expect(await page.locator('.layer').first().locator('.head').innerText()).toBe('no head');
      expect(seen.noise).toEqual([]);
    });
  });

  describe('Trade-off', () => {
    const fact = (page: Page, name: string) =>
      page.locator('.answer.four div', { hasText: name }).locator('dd').innerText();

    test('draws the curve of the trace, with the mark where the dial is, and the methods compared', async () => {
      await using seen = await visit(browser, server.url);
      const { page } = seen;
      await page.getByRole('tab', { name: 'Trade-off' }).click();
      await page.locator('.figure').first().waitFor();
      expect(await page.locator('.figure h3:visible').allInnerTexts()).toEqual([
        'Accuracy against speed-up, as computed',
        'Tokens left by layer',
        'Exits by layer',
        'Speed-up by length, as computed',
        'Tokens pruned, by length',
        'Mean exit, by length',
        'Accuracy against speed-up, as computed',
      ]);
      await page.locator('.folded > summary').first().click();
      expect(await page.locator('.folded .figure h3:visible').allInnerTexts()).toEqual([
        'Accuracy against speed-up, as the paper counts',
        'Speed-up by length, as the paper counts',
      ]);
      const heights: string[] = [];
      for (const wanted of [TAU, 0.6, 1]) {
        const tau = await slide(page, wanted);
        const { accuracy, speedup, meanExit } = judge(trace, tau);
        await expect.poll(() => fact(page, 'Mean exit')).toBe(`layer ${meanExit.toFixed(2)}`);
        expect(await fact(page, 'Accuracy')).toBe(`${(100 * accuracy).toFixed(1)} %`);
        expect(await fact(page, 'Fewer operations, as computed')).toContain(speedup.actual!.toFixed(1).slice(0, -1));
        heights.push((await page.locator('.figure').first().locator('.dots path').getAttribute('transform'))!);
      }
      expect(new Set(heights).size).toBe(3);
      expect(await page.getByRole('group', { name: 'The methods compared' }).locator('tbody tr').count()).toBe(2);
      await page.locator('.figure summary').first().click();
      expect(await page.locator('.figure').first().locator('tbody tr').count()).toBeGreaterThan(3);
      await screenshot(page, 'trade-off');
      expect(seen.noise).toEqual([]);
    });

    test('says how to make a trace where there is none', async () => {
      await using seen = await visit(browser, server.url);
      const { page } = seen;
      await page.getByLabel('Model').selectOption('twins');
      await page.getByRole('tab', { name: 'Trade-off' }).click();
      await page.getByText('This model has no trace').waitFor();
      expect(await page.locator('.figure').count()).toBe(0);
      expect(seen.noise).toEqual([]);
    });
  });

  describe('Batch', () => {
    const N = 400;
    const texts = Array.from({ length: N }, (_, i) => (i === 7 ? SCRIPT : `${pageTexts[i % pageTexts.length]} ${i}`));
    const csv = join(root, 'mails.csv');
    const jsonl = join(root, 'mails.jsonl');
    let expected: { label: string; score: number; exit: number }[];

    beforeAll(async () => {
      const rows = texts.map((text, i) => ({ id: `n${i}`, note: 'x', text, label: 'old, "quoted"' }));
      await writeFile(csv, `\uFEFF${Papa.unparse(rows, { newline: '\r\n' })}`);
      await writeFile(jsonl, rows.map((row, i) => `${i === 3 ? 'not json\n' : ''}${JSON.stringify(row)}\n`).join(''));
      expected = [];
      for (let at = 0; at < N; at += 25)
        expected.push(
          ...(await server.post('/v1/classify', { model: 'news', inputs: texts.slice(at, at + 25), tau: TAU })).body
            .results,
        );
    });

    const run = async (page: Page, path: string) => {
      await page.getByRole('tab', { name: 'Batch' }).click();
      await page.locator('input[type=file]').setInputFiles(path);
      await page.getByRole('button', { name: 'Classify' }).click();
      await page.getByText('finished').waitFor();
    };
    const cells = async (rows: Locator) => (await rows.all()).length;
    const saved = async (page: Page, name: string) => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
      return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
    };

    test('classifies a dropped csv as the server does, sorts, filters, and gives it back with its answers', async () => {
      await using seen = await visit(browser, server.url);
      const { page } = seen;
      await page.getByRole('tab', { name: 'Batch' }).click();
      const data = await page.evaluateHandle(
        ([bytes]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], 'mails.csv', { type: 'text/csv' }));
          return transfer;
        },
        [await readFile(csv, 'utf8')],
      );
      await page.locator('#part-batch .drop').dispatchEvent('drop', { dataTransfer: data });
      await page.getByRole('heading', { name: 'mails.csv' }).waitFor();
      expect(await page.getByLabel('Text', { exact: true }).locator('option:checked').innerText()).toBe('text');
      await page.getByRole('button', { name: 'Classify' }).click();
      await page.getByText(`${N} texts, finished`).waitFor();
      const rows = page.locator('.result-rows .result');
      const text = (i: number) => rows.nth(i).locator('.cell-text').innerText();
      expect(await text(0)).toBe(texts[0].slice(0, 300).replace(/\s+/g, ' ').trim());
      expect(await text(7)).toBe(SCRIPT);
      expect(await cells(rows)).toBeLessThan(60); // of 400: what is not in sight is not drawn

      await page.getByRole('button', { name: 'Sure' }).click();
      const lowest = Math.min(...expected.map(({ score }) => score));
      await expect.poll(() => rows.first().locator('.cell-score').innerText()).toBe(`${(100 * lowest).toFixed(1)} %`);
      expect(await page.getByRole('columnheader', { name: 'Sure' }).getAttribute('aria-sort')).toBe('ascending');

      const [{ label, exit }] = expected;
      await page.getByLabel('Label', { exact: true }).selectOption(label);
      await page.getByLabel('Exit', { exact: true }).selectOption(`layer ${exit}`);
      await page.getByLabel('Confidence, from %').fill('40');
      await page.getByLabel('to %', { exact: true }).fill('90');
      await page.getByLabel('to %', { exact: true }).blur();
      const kept = expected.filter(
        (one) => one.label === label && one.exit === exit && one.score >= 0.4 && one.score <= 0.9,
      );
      expect(kept.length).toBeGreaterThan(0);
      await page.getByText(`${kept.length} of ${N} shown`).waitFor();
      await screenshot(page, 'batch');
      const filtered = Papa.parse<Record<string, string>>((await saved(page, 'Download CSV')).text, {
        header: true,
        skipEmptyLines: true,
      });
      expect(filtered.data).toHaveLength(kept.length);

      await page.getByLabel('Label', { exact: true }).selectOption('any');
      await page.getByLabel('Exit', { exact: true }).selectOption('any');
      await page.getByLabel('Confidence, from %').fill('0');
      await page.getByLabel('to %', { exact: true }).fill('100');
      await page.getByLabel('to %', { exact: true }).blur();
      const whole = await saved(page, 'Download CSV');
      expect(whole.name).toBe('mails-labelled.csv');
      const { data: back } = Papa.parse<Record<string, string>>(whole.text, { header: true, skipEmptyLines: true });
      expect(back.map((row) => ({ label: row.predicted_label, exit: Number(row.exit) }))).toEqual(
        expected.map(({ label, exit }) => ({ label, exit })),
      );
      expect(back.map(({ id, text, label }) => ({ id, text, label }))).toEqual(
        // what a spreadsheet would run comes back as text
        texts.map((text, i) => ({
          id: `n${i}`,
          text: /^[\s"']*[=+\-@]|^[\t\r]/.test(text) ? `'${text}` : text,
          label: 'old, "quoted"',
        })),
      );
      expect(await page.locator('main img').count()).toBe(0);
      expect(seen.noise).toEqual([]);
    });

    test('reads jsonl, says which lines it left out, and writes jsonl', async () => {
      await using seen = await visit(browser, server.url);
      const { page } = seen;
      await run(page, jsonl);
      await page.getByText('1 line is not a JSON object (the first is line 4)').waitFor();
      const { text } = await saved(page, 'Download JSONL');
      const back = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(back).toHaveLength(N);
      expect(back.map(({ predicted_label, exit }) => [predicted_label, exit])).toEqual(
        expected.map(({ label, exit }) => [label, exit]),
      );
      expect(back[9].score).toBeCloseTo(expected[9].score, 6);
      expect(seen.noise).toEqual([]);
    });

    test('refuses what is no such file with a sentence', async () => {
      await using seen = await visit(browser, server.url);
      const { page } = seen;
      await page.getByRole('tab', { name: 'Batch' }).click();
      await page
        .locator('input[type=file]')
        .setInputFiles({ name: 'a.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF') });
      await page.getByRole('alert').getByText('give a .csv, .tsv or .jsonl file').waitFor();
      await page
        .locator('input[type=file]')
        .setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from('') });
      await page.getByRole('alert').getByText('holds no rows').waitFor();
    });
  });

  test('Live shows what the server answers while it answers', async () => {
    await using seen = await visit(browser, server.url);
    const { page } = seen;
    await page.getByRole('tab', { name: 'Live' }).click();
    const value = (name: string) => page.locator('.strip', { hasText: name }).locator('.strip-value').innerText();
    await page.locator('.strip').first().waitFor();
    let asking = true;
    const load = (async () => {
      while (asking) await server.post('/v1/classify', { model: 'news', inputs: pageTexts.slice(0, 8), tau: TAU });
    })();
    await expect.poll(async () => Number(await value('Requests per second')), { timeout: 10_000 }).toBeGreaterThan(0);
    await expect.poll(() => value('Median latency')).toMatch(/ ms$/);
    await expect.poll(() => value('99th percentile')).toMatch(/ ms$/);
    // eight texts a request
    await expect
      .poll(async () => Number(await value('Texts per second')) / Number(await value('Requests per second')))
      .toBeGreaterThan(4);
    expect(await value('tau')).toBe('0.80');
    await expect.poll(() => value('Operations saved')).toMatch(/^\d+\.\d %$/);
    await page.locator('.exits .bars rect').first().waitFor();
    await screenshot(page, 'live');
    asking = false;
    await load;
    await page.getByRole('tab', { name: 'Try' }).click();
    const before = seen.requests.filter((request) => request.endsWith('/metrics')).length;
    await page.waitForTimeout(2500);
    expect(seen.requests.filter((request) => request.endsWith('/metrics')).length).toBeLessThanOrEqual(before + 1);
    expect(seen.noise).toEqual([]);
  });

  test('Live says of what it shows that it is no longer so where the server does not answer', async () => {
    await using seen = await visit(browser, server.url);
    const { page } = seen;
    await page.getByRole('tab', { name: 'Live' }).click();
    await page.locator('.strip').first().waitFor();
    expect(await page.locator('.stale').count()).toBe(0);
    await page.route('**/metrics', (route) => route.abort());
    await page.getByRole('alert').getByText('The figures below are the last ones received').waitFor();
    expect(await page.locator('.stale .strip').count()).toBeGreaterThan(0);
    await page.unroute('**/metrics');
    await expect.poll(() => page.locator('.stale').count()).toBe(0);
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  test('asks for the key of a server that wants one', async () => {
    const locked = await serve({ news: join(root, 'news') }, { apiKey: 'open-sesame' });
    await using seen = await visit(browser, locked.url);
    const { page } = seen;
    await page.getByLabel('Key').fill('wrong');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('The server does not accept this key').waitFor();
    await page.getByLabel('Key').fill('open-sesame');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.locator('.layer.exit').waitFor();
    expect(seen.noise.filter((line) => !line.includes('401'))).toEqual([]);
  });
});
