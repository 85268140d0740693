/** A real server of the built command line, asked over HTTP for a second: the figures mean nothing, what they are of does. */
import { expect, test } from 'vitest';
import { httpLoad } from '../../src/bench/http-load.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const command = [process.execPath, 'dist/cli/main.js'] as const;
const texts = randomTexts(8, 24);

test('a server is measured at its most and at a share of it, and ends', async () => {
  const { dir } = await randomModel(root, 'mp', { seed: 7, kind: 'pooled', prunes: true, tau: 0.7 });
  const serve = ['--model', dir, '--workers', '1'];
  const found = await httpLoad({ command: [...command], serve, texts, load: 0.5, seconds: 1 });
  expect(found.requestsPerSecond).toBeGreaterThan(1);
  expect(found.p50Ms).toBeGreaterThan(0);
  expect(found.p99Ms).toBeGreaterThanOrEqual(found.p50Ms);
  expect(found.residentBytes).toBeGreaterThan(50e6);
});

test('a server that does not start is said why', async () => {
  const serve = ['--model', 'no-such-folder'];
  const running = httpLoad({ command: [...command], serve, texts, load: 0.5, seconds: 1 });
  await expect(running).rejects.toThrow(/our own server cannot be measured: .*no-such-folder/);
});
