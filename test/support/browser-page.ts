/** A page that has the browser's engine and nothing else, as a test opens it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { rolldown } from 'rolldown';
import type { BrowserPyramid } from '../../src/engine/browser/index.ts';
import type * as Web from '../../src/web/index.ts';

/** What the page's scripts put into its window: the public library, and the engine inside it. */
export interface EngineWindow {
  readonly web: typeof Web;
  readonly BrowserPyramid: typeof BrowserPyramid;
}

export const PAGES = {
  '/favicon.ico': { type: 'image/x-icon', text: '' },
  '/': { type: 'text/html', text: '<!doctype html><title>test</title><script type="module" src="page.js"></script>' },
  '/inside.html': {
    type: 'text/html',
    text: '<!doctype html><title>test</title><script type="module" src="inside.js"></script>',
  },
  '/page.js': {
    type: 'text/javascript',
    text: "import * as web from './engine/index.js'; window.web = web;",
  },
  '/inside.js': {
    type: 'text/javascript',
    text: "import { BrowserPyramid } from './engine/inside.js'; window.BrowserPyramid = BrowserPyramid;",
  },
};

/**
 * Builds the browser's engine into `folder`/engine, and beside it `inside.js`, which gives what the public library does
 * not: the engine's own class.
 */
export async function buildEngine(folder: string): Promise<void> {
  const out = join(folder, 'engine');
  const { status } = spawnSync(process.execPath, ['scripts/build-browser.mjs', out], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the build of the browser’s engine failed');
  const bundle = await rolldown({
    input: 'src/engine/browser/index.ts',
    platform: 'browser',
    external: /^node:/,
    treeshake: { moduleSideEffects: false },
  });
  await bundle.write({ file: join(out, 'inside.js'), format: 'es', codeSplitting: false });
  await bundle.close();
}

/** What a page said on its console or asked of others; empty is how it should be. */
export interface Noise {
  readonly messages: string[];
}

export async function openPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
  prepare: (page: Page) => Promise<void> = async () => {},
): Promise<{ page: Page; noise: Noise; close: () => Promise<void> }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const messages: string[] = [];
  const { origin } = new URL(address);
  page.on('pageerror', (error) => messages.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'log') messages.push(message.text());
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) messages.push(`request to ${request.url()}`);
  });
  await prepare(page);
  await page.goto(address);
  // not waitForFunction: that evaluates text, which the page's policy forbids
  while (!(await page.evaluate(() => 'web' in globalThis || 'BrowserPyramid' in globalThis))) await setTimeout(20);
  return { page, noise: { messages }, close: () => context.close() };
}
