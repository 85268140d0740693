// The README's pictures of the page at work, light and dark: node scripts/page-pictures.mjs runs/demo/models/mp-plus
// Wants a built dist/ and a Chromium (Debian's, or the one that CHROMIUM_PATH names). On an idle machine: the page shows a time.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [model] = process.argv.slice(2);
if (!model) throw new Error('name the folder of a model, such as runs/demo/models/mp-plus');
const folder = 'docs/pictures';
const viewport = { width: 1080, height: 1120 };

const server = spawn(process.execPath, [
  'dist/cli/main.js',
  'serve',
  '--model',
  `mails=${model}`,
  '--port',
  '0',
  '--workers',
  '1',
]);
const address = await new Promise((found, failed) => {
  let said = '';
  server.stderr.on('data', (text) => {
    said += text;
    const match = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
    if (match) found(match[0]);
  });
  server.on('exit', () => failed(new Error(said)));
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
try {
  mkdirSync(folder, { recursive: true });
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport, colorScheme, reducedMotion: 'reduce' });
    await page.goto(address);
    await page.getByText('request and answer').waitFor();
    await page
      .getByText(/at tau /)
      .first()
      .waitFor();
    // the first answers of a server are slower than all others
    for (let i = 0; i < 5; i++) {
      await page.locator('.examples button').first().click();
      await page.waitForTimeout(1000);
    }
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: `${folder}/page-${colorScheme}.jpg`, type: 'jpeg', quality: 75 });
  }
} finally {
  await browser.close();
  server.kill();
}
