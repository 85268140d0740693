/** The same page as files on a static host: the model runs wholly in the browser, from an address or a folder. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Pyramid } from '../../src/index.ts';
import { hasChromium, launchChromium } from '../support/chromium.ts';
import { addEvaluation, pageModel, pageTexts } from '../support/page-model.ts';
import { type StaticSite, staticSite } from '../support/static-site.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { screenshot, visit } from '../support/visit.ts';

const TAU = 0.8;

describe.skipIf(!hasChromium)('the page on a static host (skipped where there is no Chromium)', () => {
  const root = temporaryFolder();
  let browser: Browser;
  let site: StaticSite;

  beforeAll(async () => {
    const { dir } = await pageModel(root, 'news', { kind: 'pooled', prunes: true, tau: TAU });
    await addEvaluation(dir, TAU);
    await cp(dir, join(root, 'site', 'models', 'news'), { recursive: true });
    site = await staticSite({
      folders: [
        ['/deep/page/', 'dist/page'],
        ['/deep/', join(root, 'site')],
      ],
    });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const address = () => `${site.url}/deep/page/index.html`;
  /** What a page that asks for a server first has on its console where there is none. */
  const quiet = (noise: readonly string[]) => noise.filter((line) => !line.includes('404'));

  const check = async (page: Page) => {
    await using node = await Pyramid.load(join(root, 'news'), { workers: 1 });
    for (const text of [pageTexts[5], pageTexts[40]]) {
      const expected = await node.explain(text);
      await page.getByLabel('Text to classify').fill(text);
      await expect
        .poll(() => page.locator('.layer').first().locator('.token').allTextContents())
        .toEqual(expected.pieces.map((piece) => piece.replace(/^##(?=.)/, '')));
      const left = expected.layers.map(({ kept }) => kept.filter(Boolean).length);
      expect(await page.locator('.layer .name').allTextContents()).toEqual(
        left.map((n, l) => `Layer ${l + 1} ${n} ${n === 1 ? 'token' : 'tokens'}`),
      );
      expect(await page.locator('.layer.exit .name').textContent()).toContain(`Layer ${expected.exit} `);
      expect(await page.locator('.answer .label').textContent()).toContain(
        `${expected.label}${(100 * expected.score).toFixed(1)} % sure`,
      );
    }
  };

  test('runs a model from its address, and every part of the page but Live', async () => {
    await using seen = await visit(browser, `${address()}?model=../models/news/`);
    const { page } = seen;
    await page.locator('.layer.exit').waitFor();
    expect(await page.locator('.model').textContent()).toMatch(/^news mp, 4 × 64, fp32, in this browser/);
    await check(page);
    expect(await page.getByRole('tab').allTextContents()).toEqual(['Try', 'Trade-off', 'Batch']);
    await page.getByRole('tab', { name: 'Trade-off' }).click();
    await page.locator('.figure:visible').nth(6).waitFor();
    await page.getByRole('tab', { name: 'Batch' }).click();
    const rows = pageTexts.slice(0, 60);
    await page.locator('input[type=file]').setInputFiles({
      name: 'mails.jsonl',
      mimeType: 'application/x-ndjson',
      buffer: Buffer.from(rows.map((text) => JSON.stringify({ text })).join('\n')),
    });
    await page.getByRole('button', { name: 'Classify' }).click();
    await page.getByText('60 texts, finished').waitFor();
    await using node = await Pyramid.load(join(root, 'news'), { workers: 1 });
    const expected = (await node.classify(rows.slice(0, 8), { tau: TAU })).map(({ label, exit }) => `${label}${exit}`);
    const shown = await page
      .locator('.result-rows .result')
      .evaluateAll((all) =>
        all
          .slice(0, 8)
          .map(
            (row) => `${row.querySelector('.cell-label')?.textContent}${row.querySelector('.cell-exit')?.textContent}`,
          ),
      );
    expect(shown).toEqual(expected);
    await screenshot(page, 'static-batch');
    // no server was asked for, since the address says where the model is
    expect(seen.noise).toEqual([]);
    expect(seen.requests.every((request) => request.startsWith('GET /deep/'))).toBe(true);
  });

  test('runs a model from a folder that is chosen, and opens another one afterwards', async () => {
    await using seen = await visit(browser, address());
    const { page } = seen;
    await page.getByRole('heading', { name: 'Open a model' }).waitFor();
    await page.locator('input[type=file]').setInputFiles(join(root, 'news'));
    await page.locator('.layer.exit').waitFor();
    const fetched = seen.requests.filter((request) => /safetensors|config\.json/.test(request));
    expect(fetched).toEqual([]);
    await check(page);
    await page.getByRole('button', { name: 'Open another' }).click();
    await page.getByLabel('… or its address').fill('../models/news');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.locator('.layer.exit').waitFor();
    expect(quiet(seen.noise)).toEqual([]);
  });

  test('runs a model from files that are dropped', async () => {
    await using seen = await visit(browser, address());
    const { page } = seen;
    const names = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
    const data = await page.evaluateHandle(
      async ([base, names]) => {
        const transfer = new DataTransfer();
        for (const name of names as string[]) {
          const bytes = await (await fetch(`${base}${name}`)).arrayBuffer();
          transfer.items.add(new File([bytes], name));
        }
        return transfer;
      },
      [`${site.url}/deep/models/news/`, names] as const,
    );
    await page.locator('.drop').dispatchEvent('drop', { dataTransfer: data });
    await page.locator('.layer.exit').waitFor();
    await check(page);
    expect(quiet(seen.noise)).toEqual([]);
  });

  test('says what is wrong with an address that has no model', async () => {
    await using seen = await visit(browser, `${address()}?model=../models/none/`);
    const { page } = seen;
    const words = await page.getByRole('alert').textContent();
    expect(words).toContain('models/none');
    expect(words).toMatch(/config\.json|no such/);
    await page.getByRole('heading', { name: 'Open a model' }).waitFor();
  });
});
