// biome-ignore-all lint/performance/useDomNodeTextContent: what a reader sees is what is tested
/** A model that means ill, on the page: its labels, its rows, its tables and its own name are shown as the text that they are. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchChromium } from '../support/chromium.ts';
import { addEvaluation, pageModel, tokenizer } from '../support/page-model.ts';
import { randomLinearModel } from '../support/random-model.ts';
import { serve } from '../support/serve.ts';
import { type StaticSite, staticSite } from '../support/static-site.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Visit, visit } from '../support/visit.ts';

const DONE = "document.title='broken into'";
/** Each would run something, or ask another place for something, were it more than text. */
const HOSTILE = [
  `<img src="https://leak.example/a" onerror="${DONE}">`,
  `<script>${DONE}</script>`,
  `"><svg onload="${DONE}"><style>@import "https://leak.example/b"</style>`,
  `<iframe srcdoc="<script>parent.${DONE}</script>"></iframe>`,
  `<a href="javascript:${DONE}">here</a> [there](javascript:${DONE})`,
  `'-(${DONE})-' \${${DONE}} {{constructor.constructor("${DONE}")()}}`,
];
const TAU = 0.8;

describe.skipIf(!hasChromium)('a model that means ill (skipped where there is no Chromium)', () => {
  const root = temporaryFolder();
  const folder = `${HOSTILE[0].replaceAll('/', '')}&amp;`;
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serve>>;
  let site: StaticSite;

  beforeAll(async () => {
    const { dir } = await pageModel(root, 'ill', {
      kind: 'pooled',
      prunes: true,
      tau: TAU,
      floor: true,
      labels: HOSTILE,
    });
    await addEvaluation(dir, TAU);
    await randomLinearModel(root, 'linear', { seed: 3, labels: HOSTILE, tokenizer });
    const { rows } = JSON.parse(await readFile(join(dir, 'report.json'), 'utf8')) as { readonly rows: object[] };
    const told = HOSTILE.map((word, i) => ({ ...rows[i % rows.length], task: word, method: word }));
    const broken = { ...rows[0], task: 'x', method: `${HOSTILE[1]} too`, accuracy: null, failed: HOSTILE[0] };
    await writeFile(join(dir, 'report.json'), JSON.stringify({ rows: [...told, broken] }));
    const examples = HOSTILE.map((text, i) => ({ text: `${text} ${i}`, label: HOSTILE[(i + 1) % HOSTILE.length] }));
    await writeFile(join(dir, 'examples.json'), JSON.stringify({ about: HOSTILE.join(' '), examples }));
    await writeFile(join(dir, 'README.md'), `---\ntitle: ${HOSTILE[1]}\n---\n# ${HOSTILE.join('\n\n')}\n`);
    await cp(dir, join(root, 'chosen', folder), { recursive: true });
    server = await serve({ ill: dir, linear: join(root, 'linear') });
    site = await staticSite({ folders: [['/', 'dist/page']] });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  /** Nothing ran, nothing was asked of another place, and what was shown made no element. */
  async function expectHarmless({ page, noise }: Visit, allowed: RegExp | null = null): Promise<void> {
    expect(await page.title()).toBe('Magic Pyramid');
    const made = 'header img, main img, main iframe, main script, main style, main a[href^="javascript:"]';
    expect(await page.locator(made).count()).toBe(0);
    expect(await page.evaluate(() => document.scripts.length)).toBe(1);
    expect(noise.filter((line) => !allowed?.test(line))).toEqual([]);
  }

  const answer = (page: Page) => page.locator('.answer .label').innerText();
  const isOneOfThem = (shown: string) => HOSTILE.some((label) => shown.startsWith(label));

  const goThrough = async (page: Page) => {
    await page.locator('.layer.exit').waitFor();
    for (const text of HOSTILE) {
      await page.getByLabel('Text to classify').fill(text);
      await page.locator('.answer:not(.waiting)').waitFor();
      await expect.poll(async () => isOneOfThem(await answer(page))).toBe(true);
    }
    for (const example of await page.getByLabel('Example texts').getByRole('button').all()) await example.click();
    await expect.poll(() => page.locator('.answer .truth').innerText()).toContain(HOSTILE[0]);
    await page.locator('.layer .token').first().click();
    await page.getByRole('tab', { name: 'Trade-off' }).click();
    await page.locator('.figure').first().waitFor();
    expect(await page.getByRole('group', { name: 'The methods compared' }).innerText()).toContain(HOSTILE[1]);
    await page.getByRole('tab', { name: 'Batch' }).click();
    await page.locator('input[type=file]').setInputFiles({
      name: `${HOSTILE[0]}.csv`,
      mimeType: 'text/csv',
      buffer: Buffer.from(
        [['text', HOSTILE[3]], ...HOSTILE.map((text) => [text, text])]
          .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
          .join('\n'),
      ),
    });
    await page.getByRole('button', { name: 'Classify' }).click();
    await page.getByText(`${HOSTILE.length} texts, finished`).waitFor();
    expect(await page.locator('.result-rows .cell-text').first().innerText()).toBe(HOSTILE[0]);
  };

  test.each(['ill', 'linear'])('is shown as text by a server: %s', async (name) => {
    await using seen = await visit(browser, server.url);
    if (name === 'ill') await goThrough(seen.page);
    else {
      await seen.page.getByLabel('Model').selectOption(name);
      await seen.page.getByLabel('Text to classify').fill(HOSTILE[2]);
      await expect.poll(async () => isOneOfThem(await answer(seen.page))).toBe(true);
    }
    await seen.page.getByRole('tab', { name: 'Live' }).click();
    await seen.page.locator('#part-live').waitFor();
    await expectHarmless(seen);
  });

  test('is shown as text, and its name too, where its folder is chosen and it runs in the browser', async () => {
    await using seen = await visit(browser, `${site.url}/index.html`);
    const { page } = seen;
    await page.getByRole('heading', { name: 'Open a model' }).waitFor();
    await page.locator('input[type=file]').setInputFiles(join(root, 'chosen', folder));
    await page.locator('.layer.exit').waitFor();
    expect(await page.locator('.model').innerText()).toContain('<img src=');
    await goThrough(page);
    // a page without a server has asked for one
    await expectHarmless(seen, /404/);
  });

  test.each([
    ['torn', '[]', 'torn/report.json'],
    ['odd', '{"rows": [{"task": "x", "method": "y", "accuracy": "z"}]}', 'rows that are none'],
    ['empty', '{"rows": [null]}', 'rows that are none'],
  ])(
    'whose table of methods cannot be read (%s) has its trade-off all the same, and says so',
    async (name, report, problem) => {
      const own = join(root, name);
      await cp(join(root, 'chosen', folder), own, { recursive: true });
      await writeFile(join(own, 'report.json'), report);
      await using seen = await visit(browser, `${site.url}/index.html`);
      const { page } = seen;
      await page.getByRole('heading', { name: 'Open a model' }).waitFor();
      await page.locator('input[type=file]').setInputFiles(own);
      await page.getByRole('tab', { name: 'Trade-off' }).click();
      await page.locator('.figure').first().waitFor();
      expect(await page.getByRole('alert').innerText()).toContain(problem);
    },
  );
});
