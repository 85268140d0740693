import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { randomModel } from '../support/random-model.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
let dir: string;
beforeAll(async () => {
  ({ dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true }));
});

describe.skipIf(!existsSync('dist/page/index.html'))('the page (needs dist/page: npm run build)', () => {
  test('is served at / without a key, with the headers of a document, and its files may be cached', async () => {
    const it = await serve({ mails: dir }, { apiKey: 'k' });
    const page = await it.get('/');
    expect(page.body).toContain('<title>Magic Pyramid</title>');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self' 'wasm-unsafe-eval'");
    expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const script = /src="\.\/(assets\/[^"]+\.js)"/.exec(page.body)![1];
    const asset = await it.get(`/${script}`);
    expect(asset.status).toBe(200);
    expect(asset.headers.get('cache-control')).toContain('immutable');
    // an update of the package changes what is in these, not what they are called
    for (const file of ['worker.js', 'onnxruntime-web/ort-wasm-simd-threaded.mjs']) {
      const engine = await it.get(`/engine/${file}`);
      expect([file, engine.status, engine.headers.get('cache-control')]).toEqual([file, 200, 'no-cache']);
    }
    const binary = await it.get('/engine/onnxruntime-web/ort-wasm-simd-threaded.wasm');
    expect([binary.headers.get('content-type'), binary.headers.get('cache-control')]).toEqual([
      'application/wasm',
      'no-cache',
    ]);
    for (const path of [
      '/none',
      '/assets/none.js',
      '/..%2f..%2fpackage.json',
      '/.git/config',
      '/engine/onnxruntime-web/ort.js',
    ])
      expect([path, [403, 404].includes((await it.get(path)).status)]).toEqual([path, true]);
    expect((await it.get('/v1/models')).status).toBe(401);
  });
});

test('with --no-page there is nothing at /, and the description has headers of its own', async () => {
  const it = await serve({ mails: dir }, { page: false });
  const top = await it.get('/');
  expect([top.status, top.headers.get('allow')]).toEqual([405, 'POST']); // a client of another server posts there
  expect((await it.get('/docs')).headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests');
});
