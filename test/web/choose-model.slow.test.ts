/** Which of a server's models the page shows: the one that was chosen last, with its text, however slowly the others come. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchChromium } from '../support/chromium.ts';
import { pageModel } from '../support/page-model.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { visit } from '../support/visit.ts';

describe.skipIf(!hasChromium)('a model chosen on the page (skipped where there is no Chromium)', () => {
  const root = temporaryFolder();
  const text = 'Rain stopped play, and nobody won';
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serve>>;

  beforeAll(async () => {
    const form = { kind: 'pooled', prunes: true, tau: 0.8 } as const;
    const { dir } = await pageModel(root, 'first', form);
    const second = await pageModel(root, 'second', form);
    server = await serve({ first: dir, second: second.dir });
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  const ask = async (page: Page) => {
    await page.getByLabel('Text to classify').fill(text);
    await page.locator('.answer:not(.waiting)').waitFor();
    await page.locator('.layer.exit').waitFor();
  };
  const expectUnchanged = async (page: Page) => {
    await page.waitForTimeout(1000);
    expect(await page.getByLabel('Model').inputValue()).toBe('first');
    expect(await page.getByLabel('Text to classify').inputValue()).toBe(text);
    expect(await page.locator('.layer .token').count()).toBeGreaterThan(0);
  };

  test('that is shown already stays, with its pyramid', async () => {
    await using seen = await visit(browser, server.url);
    await ask(seen.page);
    await seen.page.getByLabel('Model').dispatchEvent('change');
    await expectUnchanged(seen.page);
    expect(seen.noise).toEqual([]);
  });

  test('last is the one that is shown, though one chosen before comes later', async () => {
    await using seen = await visit(browser, server.url);
    const { page } = seen;
    await ask(page);
    let letCome = () => {};
    const held = new Promise<void>((resolve) => {
      letCome = resolve;
    });
    await page.route('**/v1/models/second', async (route) => {
      await held;
      await route.continue();
    });
    await page.getByLabel('Model').selectOption('second');
    await page.getByLabel('Model').selectOption('first');
    letCome();
    await expectUnchanged(page);
    // and can be chosen again
    await page.getByLabel('Model').selectOption('second');
    await expect.poll(() => page.getByLabel('Text to classify').inputValue()).not.toBe(text);
    expect(seen.noise).toEqual([]);
  });

  test('that does not come is told of, and the list names the one that is shown', async () => {
    await using seen = await visit(browser, server.url);
    const { page } = seen;
    await ask(page);
    await page.route('**/v1/models/second', (route) => route.abort());
    await page.getByLabel('Model').selectOption('second');
    await page.locator('.notice.failed').waitFor();
    await expectUnchanged(page);
    await page.unroute('**/v1/models/second');
    await page.getByLabel('Model').selectOption('second');
    await expect.poll(() => page.getByLabel('Text to classify').inputValue()).not.toBe(text);
    expect(await page.locator('.notice.failed').count()).toBe(0);
  });
});
