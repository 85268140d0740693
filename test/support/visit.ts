/** The page in a real browser, as a person would open it, with all that it said and asked for on the way. */
import { mkdirSync } from 'node:fs';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** Console messages, errors, dialogs, and requests to other origins: empty is how it should be. */
  readonly noise: readonly string[];
  /** Method and path of each request. */
  readonly requests: readonly string[];
}

export interface VisitOptions extends BrowserContextOptions {
  readonly prepare?: (page: Page) => Promise<void>;
}

export async function visit(browser: Browser, address: string, options: VisitOptions = {}): Promise<Visit> {
  const { prepare, ...rest } = options;
  const context = await browser.newContext({ viewport: { width: 1240, height: 900 }, ...rest });
  const page = await context.newPage();
  const noise: string[] = [];
  const requests: string[] = [];
  const { origin } = new URL(address);
  page.on('pageerror', (error) => noise.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // a model folder without examples: a host can say so by 404 alone, which the browser itself writes down
    if (message.location().url.endsWith('/examples.json')) return;
    noise.push(`${message.type()}: ${message.text()}`);
  });
  page.on('dialog', (dialog) => {
    noise.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol === 'blob:') return;
    requests.push(`${request.method()} ${url.pathname}`);
    if (url.origin !== origin) noise.push(`request to ${request.url()}`);
  });
  await prepare?.(page);
  await page.goto(address);
  return { page, noise, requests, [Symbol.asyncDispose]: () => context.close() };
}

/** Kept for whoever looks at a run of CI. */
export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync('test-output', { recursive: true });
  await page.screenshot({ path: `test-output/${name}.png`, fullPage: true });
}
