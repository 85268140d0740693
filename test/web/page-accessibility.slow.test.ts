/** What axe finds fault with on the page: nothing, in light and dark, on a desk and on a phone; and motion for those who want none. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchChromium } from '../support/chromium.ts';
import { addEvaluation, pageModel, pageTexts } from '../support/page-model.ts';
import { serve } from '../support/serve.ts';
import { staticSite } from '../support/static-site.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { screenshot, visit } from '../support/visit.ts';

const desk = { width: 1240, height: 900 };
const phone = { width: 390, height: 844 };
const looks = [
  { name: 'light-desk', colorScheme: 'light', viewport: desk },
  { name: 'dark-desk', colorScheme: 'dark', viewport: desk },
  { name: 'light-phone', colorScheme: 'light', viewport: phone },
  { name: 'dark-phone', colorScheme: 'dark', viewport: phone },
] as const;

describe.skipIf(!hasChromium)('axe (skipped where there is no Chromium)', () => {
  const root = temporaryFolder();
  const csv = join(root, 'mails.csv');
  let browser: Browser;
  let url: string;
  let locked: string;
  let files: Awaited<ReturnType<typeof staticSite>>;

  beforeAll(async () => {
    const { dir } = await pageModel(root, 'news', { kind: 'pooled', prunes: true, tau: 0.8 });
    await pageModel(root, 'twins', { kind: 'pooled', prunes: true, pairs: true, tau: 0.8 });
    await pageModel(root, 'ground', { kind: 'pooled', prunes: true, tau: 0.8, floor: true });
    await addEvaluation(dir, 0.8);
    await writeFile(csv, `text\n${pageTexts.map((text) => `"${text.replaceAll('"', '""')}"\n`).join('')}`);
    ({ url } = await serve({ news: dir, twins: join(root, 'twins'), ground: join(root, 'ground') }));
    ({ url: locked } = await serve({ news: dir }, { apiKey: 'secret' }));
    files = await staticSite({ folders: [['/', 'dist/page']] });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await files?.close();
  });

  const faults = async (page: Page) => {
    const { violations, passes } = await new AxeBuilder({ page }).analyze();
    expect(passes.length).toBeGreaterThan(10);
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
    );
  };
  /** Nothing is wider than the window. */
  const overflow = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

  const steps: readonly { readonly part: string; readonly go: (page: Page) => Promise<void> }[] = [
    { part: 'try', go: (page) => page.locator('.layer.exit').waitFor() },
    {
      part: 'try with a token and a text far from sure',
      go: async (page) => {
        await page.getByRole('slider').fill('0');
        await page.getByLabel('Text to classify').fill(pageTexts[7]);
        await page.locator('.answer:not(.waiting)').waitFor();
        await page.locator('.layer').nth(1).locator('.token').nth(2).hover();
        // no colour is on its way to another
        await page.waitForTimeout(700);
      },
    },
    {
      part: 'trade-off',
      go: async (page) => {
        await page.getByRole('tab', { name: 'Trade-off' }).click();
        await page.locator('.figure:visible').nth(6).waitFor();
        await page.locator('summary').first().click();
      },
    },
    {
      part: 'batch',
      go: async (page) => {
        await page.getByRole('tab', { name: 'Batch' }).click();
        await page.locator('input[type=file]').setInputFiles(csv);
        await page.getByRole('button', { name: 'Classify' }).waitFor();
      },
    },
    {
      part: 'batch done',
      go: async (page) => {
        await page.getByRole('button', { name: 'Classify' }).click();
        await page.getByText('finished').waitFor();
      },
    },
    {
      part: 'live',
      go: async (page) => {
        await page.getByRole('tab', { name: 'Live' }).click();
        await page.locator('.strip').first().waitFor();
      },
    },
  ];

  test.each(looks)('finds no fault: $name', async ({ name, ...look }) => {
    await using seen = await visit(browser, url, look);
    const { page } = seen;
    for (const { part, go } of steps) {
      await go(page);
      expect({ part, faults: await faults(page) }).toEqual({ part, faults: [] });
      expect({ part, overflow: await overflow(page) }).toEqual({ part, overflow: 0 });
      await screenshot(page, `${part.replaceAll(' ', '-')}-${name}`);
    }
    await page.getByRole('tab', { name: 'Try' }).click();
    await page.getByLabel('Model').selectOption('twins');
    await page.getByLabel('Second text').waitFor();
    await page.locator('.layer.exit').waitFor();
    expect(await faults(page)).toEqual([]);
    await page.getByLabel('Model').selectOption('ground');
    await page.locator('.layer.floor .token.against').first().waitFor();
    expect(await faults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    await screenshot(page, `try-floor-${name}`);

    for (const [address, words] of [
      [locked, 'This server requires a key'],
      [`${files.url}/index.html`, 'Open a model'],
    ]) {
      await page.goto(address);
      await page.getByRole('heading', { name: words }).waitFor();
      expect(await faults(page)).toEqual([]);
      await screenshot(page, `${words.toLowerCase().replaceAll(' ', '-')}-${name}`);
    }
  });

  test('nothing moves for who wants no motion, and tokens fade for others', async () => {
    const animations = async (reducedMotion: 'reduce' | 'no-preference') => {
      await using seen = await visit(browser, url, { reducedMotion });
      await seen.page.locator('.token.leaving').first().waitFor();
      return await seen.page
        .locator('.token.leaving')
        .first()
        .evaluate((token) => getComputedStyle(token).animationName);
    };
    expect(await animations('no-preference')).toBe('leave');
    expect(await animations('reduce')).toBe('none');
  });

  test('a screen reader hears each layer and each token of the pyramid', async () => {
    await using seen = await visit(browser, url);
    const { page } = seen;
    await page.locator('.layer.exit').waitFor();
    const tree = await page.getByRole('grid').ariaSnapshot();
    expect(tree).toMatch(/row "Layer 1, \d+ of \d+ tokens left/);
    expect(tree).toMatch(/the text leaves here/);
    expect(tree).toMatch(/gridcell "\[CLS\], \d+\.\d %"/);
    expect(tree).toMatch(/gridcell "Answers \w+, \d\.\d\d, uncertainty \d\.\d\d"/);
    expect(tree).toMatch(/, removed"/);
  });
});
