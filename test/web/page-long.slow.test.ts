/** A hundred thousand rows through Batch: the page answers a hand all the while. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Papa from 'papaparse';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchChromium } from '../support/chromium.ts';
import { quickAnswer, quickServer } from '../support/quick-server.ts';
import type { StaticSite } from '../support/static-site.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { screenshot, visit } from '../support/visit.ts';

const ROWS = 100_000;
/** What the Web Vitals call a good answer to a hand, at most: an interaction that is shown within 200 ms. */
const LONGEST_MS = 200;

const textOf = (i: number) =>
  `Message ${i}: "offers", prizes,\nand a line of its own, €${i % 97} naïve ${'words '.repeat(i % 23)}`;

describe.skipIf(!hasChromium)('a hundred thousand rows (skipped where there is no Chromium)', () => {
  const root = temporaryFolder();
  const path = join(root, 'long.csv');
  let browser: Browser;
  let site: StaticSite;

  beforeAll(async () => {
    const rows = Array.from({ length: ROWS }, (_, i) => [String(i), textOf(i)]);
    await writeFile(path, `${Papa.unparse([['id', 'text'], ...rows])}\r\n`);
    site = await quickServer();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  /** The longest task that the browser saw since the last question, in milliseconds. */
  const longest = (page: Page) =>
    page.evaluate(() => {
      const { tasks } = globalThis as unknown as { tasks: number[] };
      return Math.max(0, ...tasks.splice(0));
    });

  test('do not hold the page up: classified, sorted, filtered, scrolled, downloaded', async () => {
    await using seen = await visit(browser, `${site.url}/index.html`, {
      prepare: (page) =>
        page.addInitScript(() => {
          const tasks: number[] = [];
          Object.assign(globalThis, { tasks });
          new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
            type: 'longtask',
            buffered: true,
          });
        }) as unknown as Promise<void>,
    });
    const { page } = seen;
    await page.getByRole('tab', { name: 'Batch' }).click();
    await page.locator('#part-batch input[type=file]').setInputFiles(path);
    await page.getByRole('button', { name: 'Classify' }).waitFor();
    await longest(page);
    const measured: Record<string, number> = {};
    await page.getByRole('button', { name: 'Classify' }).click();
    await page.locator('.result-rows .result').first().waitFor();
    // a hand on the page while it works
    await page.getByRole('button', { name: 'Sure' }).click();
    await page.getByRole('tab', { name: 'Trade-off' }).click();
    await page.getByRole('tab', { name: 'Batch' }).click();
    await page.getByText('100,000 texts, all done').waitFor({ timeout: 240_000 });
    measured.classify = await longest(page);

    await page.getByRole('button', { name: 'Sure' }).click();
    await page.getByRole('button', { name: 'Label' }).click();
    await page.waitForTimeout(300);
    measured.sort = await longest(page);
    await page.getByRole('button', { name: 'Row' }).click();
    const rows = page.locator('.result-rows');
    for (const share of [0.1, 0.35, 0.7, 1]) {
      await rows.evaluate((box, share) => box.scrollTo(0, share * box.scrollHeight), share);
      await page.waitForTimeout(100);
    }
    expect(await rows.locator('.result').last().locator('.cell-row').textContent()).toBe('100,000');
    expect(await rows.locator('.result').count()).toBeLessThan(60);
    measured.scroll = await longest(page);

    await page.locator('#part-batch select').first().selectOption('spam');
    const spam = Array.from({ length: ROWS }, (_, i) => quickAnswer(textOf(i)).label === 'spam').filter(Boolean).length;
    await page.getByText(`${spam.toLocaleString('en')} of 100,000 shown`).waitFor();
    measured.filter = await longest(page);
    await page.locator('#part-batch select').first().selectOption('any');
    await screenshot(page, 'batch-long');
    await longest(page);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ]);
    const text = await readFile(await download.path(), 'utf8');
    measured.download = await longest(page);
    console.log('longest task, ms:', measured);

    // every row once, in its order, to the character
    const { data } = Papa.parse<string[]>(text.trimEnd());
    expect(data.length).toBe(ROWS + 1);
    expect(data[0]).toEqual(['id', 'text', 'label', 'score', 'exit']);
    const wrong = data.slice(1).filter(([id, text, label, score, exit], i) => {
      const expected = quickAnswer(textOf(i));
      return (
        id !== String(i) ||
        text !== textOf(i) ||
        label !== expected.label ||
        Number(exit) !== expected.exit ||
        Number(score) !== expected.score
      );
    });
    expect(wrong).toEqual([]);
    for (const [what, ms] of Object.entries(measured))
      expect({ what, ms }).toEqual({ what, ms: expect.toSatisfy((ms: number) => ms <= LONGEST_MS) });
    expect(seen.noise).toEqual([]);
  });
});
