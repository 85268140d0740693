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
/** Half of what the Web Vitals call a good answer to a hand. */
const LONGEST_MS = 100;

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of the processor. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

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

  /**
   * What the page's own thread did in its longest task while `what` went on, in milliseconds of the processor: the clock
   * would count what else the machine was doing.
   */
  const longest = async (page: Page, what: () => Promise<void>): Promise<number> => {
    await browser.startTracing(page, { categories: ['toplevel'] });
    await what();
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
    const threads = new Set(
      traceEvents.filter(({ args }) => args?.name === 'CrRendererMain').map(({ pid, tid }) => `${pid}/${tid}`),
    );
    const tasks = traceEvents.filter(({ name, pid, tid }) => name.endsWith('RunTask') && threads.has(`${pid}/${tid}`));
    expect(tasks.length).toBeGreaterThan(0);
    return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
  };

  test('do not hold the page up: classified, sorted, filtered, scrolled, downloaded', async () => {
    await using seen = await visit(browser, `${site.url}/index.html`);
    const { page } = seen;
    const head = (name: string) => page.getByRole('button', { name, exact: true });
    await page.getByRole('tab', { name: 'Batch' }).click();
    await page.locator('#part-batch input[type=file]').setInputFiles(path);
    await head('Classify').waitFor();
    const measured: Record<string, number> = {};
    measured.classify = await longest(page, async () => {
      await head('Classify').click();
      await page.locator('.result-rows .result').first().waitFor();
      // a hand on the page while it works
      await head('Sure').click();
      await page.getByRole('tab', { name: 'Trade-off' }).click();
      await page.getByRole('tab', { name: 'Batch' }).click();
      await page.getByText('100,000 texts, finished').waitFor({ timeout: 300_000 });
    });
    measured.sort = await longest(page, async () => {
      for (const name of ['Sure ↑', 'Label', 'Exit', 'Row'])
        await page.locator('.head-row button', { hasText: name }).click();
      await page.waitForTimeout(300);
    });
    const rows = page.locator('.result-rows');
    measured.scroll = await longest(page, async () => {
      for (const share of [0.1, 0.35, 0.7, 1]) {
        await rows.evaluate((box, share) => box.scrollTo(0, share * box.scrollHeight), share);
        await page.waitForTimeout(100);
      }
      await expect.poll(() => rows.locator('.result').last().locator('.cell-row').textContent()).toBe('100,000');
    });
    expect(await rows.locator('.result').count()).toBeLessThan(60);
    const spam = Array.from({ length: ROWS }, (_, i) => quickAnswer(textOf(i)).label === 'spam').filter(Boolean).length;
    measured.filter = await longest(page, async () => {
      await page.getByLabel('Label', { exact: true }).selectOption('spam');
      await page.getByText(`${spam.toLocaleString('en')} of 100,000 shown`).waitFor();
    });
    await page.getByLabel('Label', { exact: true }).selectOption('any');
    await screenshot(page, 'batch-long');
    let text = '';
    measured.download = await longest(page, async () => {
      const [download] = await Promise.all([page.waitForEvent('download'), head('Download CSV').click()]);
      text = await readFile(await download.path(), 'utf8');
    });
    console.log('longest task, ms of the processor:', measured);

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
