// biome-ignore-all lint/performance/useDomNodeTextContent: what a reader sees is what is tested
/** The page's Live part behind a real server that audits its answers and has runs on many machines, in a real browser. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shardFiles, writeManifest } from '../../src/jobs/manifest.ts';
import { writeShard } from '../../src/jobs/shard-output.ts';
import type { StartOptions } from '../../src/serve/index.ts';
import { certifyFolder } from '../support/certificate.ts';
import { hasChromium, launchChromium } from '../support/chromium.ts';
import { pageModel, pageTexts } from '../support/page-model.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { screenshot, visit } from '../support/visit.ts';

const TAU = 0.8;
/** Of a request. */
const TEXTS = 32;

describe.skipIf(!hasChromium)('Live behind a server that audits (skipped where there is no Chromium)', () => {
  const root = temporaryFolder();
  let browser: Browser;

  beforeAll(async () => {
    // a network of random weights: its early answers are often others than its full ones
    for (const [name, upper] of [
      ['strict', 0.002],
      ['lenient', 0.99],
    ] as const) {
      const { dir, model } = await pageModel(root, name, { kind: 'pooled', prunes: true, tau: TAU });
      certifyFolder(dir, model, { disagreement: { estimate: upper / 2, upper } });
    }
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  async function audited(name: string, options: Partial<StartOptions> = {}) {
    const it = await serve({ news: join(root, name) }, { auditRate: 1, auditBudget: 1e6, ...options });
    const state = async () => (await it.get('/v1/models/news')).body.audit;
    /** So many requests of some texts; resolves when their audits have ended. */
    const classify = async (requests: number) => {
      // the first text alone: from it the budget learns what one costs
      for (const texts of [1, ...Array.from({ length: requests }, () => TEXTS)]) {
        await it.post('/v1/classify', { inputs: pageTexts.slice(0, texts) });
        while ((await state()).waiting > 0) await sleep(20);
      }
      return state();
    };
    return { ...it, classify };
  }
  const openLive = async (page: Page) => {
    await page.getByRole('tab', { name: 'Live' }).click();
    await page.locator('.audit').waitFor();
  };
  const figure = (page: Page, name: string) =>
    page
      .locator('.audit tr', { has: page.getByRole('rowheader', { name, exact: true }) })
      .locator('td')
      .innerText();
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

  test('the audit card shows the server’s own figures, and an alarm above them once more answers differ than was certified', async () => {
    const it = await audited('strict');
    await using seen = await visit(browser, it.url);
    const { page } = seen;
    await openLive(page);
    await page.getByText('No text has been audited yet.').waitFor();
    expect(await figure(page, 'Answers that differ')).toBe('–');
    // with fewer than 500 texts nothing is said of drift
    const state = await it.classify(16);
    expect(state).toMatchObject({ alarm: true, skipped: { budget: 0, failed: 0 } });
    await page.getByRole('alert').getByText('Early and full answers differ more often than was certified').waitFor();
    await expect
      .poll(() => figure(page, 'Audited texts'))
      .toBe(`${state.texts}, of which ${state.run} were run to the end for it; ${state.skipped.busy} skipped`);
    const { mean, lower, upper } = state.disagreement;
    expect(await figure(page, 'Answers that differ')).toBe(
      `${percent(mean)}, between ${percent(lower)} and ${percent(upper)}`,
    );
    expect(await figure(page, 'The same of the last 500')).toBe(percent(state.recent.share));
    expect(await figure(page, 'Certified')).toBe('at most 0.2 %');
    expect(await figure(page, 'Exits unlike those of the calibration')).toBe(percent(state.drift.exits));
    expect(await figure(page, 'Longer texts than at the calibration')).toMatch(/^−?[\d.,]+ standard deviations$/);
    expect(await figure(page, 'Unknown pieces')).toBe(percent(state.drift.unknown));
    await screenshot(page, 'live-audit');
    await page.setViewportSize({ width: 360, height: 800 });
    // nothing sticks out of a phone's page
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await screenshot(page, 'live-audit-narrow');
    expect(seen.noise).toEqual([]);
  });

  test('without an alarm it says that nothing is wrong; after one with --on-drift safe, that every text goes through all layers', async () => {
    const calm = await audited('lenient');
    expect((await calm.classify(3)).alarm).toBe(false);
    await using quiet = await visit(browser, calm.url);
    await openLive(quiet.page);
    await quiet.page.getByText('Early and full answers do not differ more often than was certified.').waitFor();
    expect(await figure(quiet.page, 'Certified')).toBe('at most 99.0 %');
    expect(await quiet.page.getByRole('alert').count()).toBe(0);

    const safe = await audited('strict', { onDrift: 'safe' });
    expect((await safe.classify(3)).safe).toBe(true);
    await using warned = await visit(browser, safe.url);
    await openLive(warned.page);
    await warned.page.getByRole('alert').getByText('goes through all layers until the model is reloaded').waitFor();
    expect(await warned.page.locator('.strip', { hasText: 'tau' }).locator('.strip-value').innerText()).toBe('off');
    expect([...quiet.noise, ...warned.noise]).toEqual([]);
  });

  test('runs on many machines are listed, each with its progress, and one that tells nothing with the reason', async () => {
    const out = join(root, 'answers');
    mkdirSync(join(out, 'shards'), { recursive: true });
    const shards = [0, 1].map((at) => ({ file: 0, part: null, rows: 3, digest: '', ...shardFiles(at) }));
    const about = { run: 'r', submitted: '', model: { path: 'm', fingerprint: 'f' }, tau: null, topK: 1, dtype: null };
    const files = [{ name: 'mails.csv', path: 'mails.csv', read: { text: 'text' } }];
    await writeManifest(out, { ...about, attempts: 5, files, shards });
    await writeShard(out, shards[0], async (writer) => {
      for (const line of [2, 3]) await writer.answer({ line });
      await writer.reject({ line: 4, problem: 'odd' });
    });
    const none = join(root, 'none');
    const it = await audited('lenient', { jobs: [out, none], queue: 'redis://127.0.0.1:1' });
    await using seen = await visit(browser, it.url);
    const { page } = seen;
    await openLive(page);
    const card = page.locator('.jobs');
    await card.waitFor();
    expect(await card.getByRole('heading', { level: 4 }).allInnerTexts()).toEqual([out, none]);
    expect(await card.getByRole('progressbar', { name: `Done of ${out}` }).getAttribute('value')).toBe('3');
    expect(await card.innerText()).toContain('2 of 6 answered, 1 rejected (50.0 %)');
    expect(await card.locator('.notice').allInnerTexts()).toEqual([
      expect.stringContaining('the queue at redis://127.0.0.1:1 is not reached'),
      expect.stringContaining(`${none}/manifest.json`),
    ]);
    await screenshot(page, 'live-runs');
    await page.setViewportSize({ width: 360, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    expect(seen.noise).toEqual([]);
  });
});
