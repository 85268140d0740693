/**
 * What a reader downloads: the page's own code, gzipped, lazy parts and workers included. Not counted: onnxruntime-web
 * (its WebAssembly and the JavaScript that is part of it), fonts and licences.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const LIMIT = 150_000;
const RUNTIME = /^engine\/(ort[.-]|onnxruntime-web\/)/;

test('the page has at most 150 kB of code, gzipped, without the runtime', () => {
  const files = readdirSync('dist/page', { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(js|mjs|css|html)$/.test(name),
  );
  const own = files.filter((name) => !RUNTIME.test(name));
  const sizes = Object.fromEntries(
    own.map((name) => [name, gzipSync(readFileSync(join('dist/page', name)), { level: 9 }).length]),
  );
  console.log('gzipped bytes:', sizes);
  const total = Object.values(sizes).reduce((sum, size) => sum + size, 0);
  expect(own).toContain('index.html');
  expect(own.filter((name) => name.startsWith('engine/')).length).toBeGreaterThan(1);
  expect(total).toBeGreaterThan(30_000); // all of it was counted
  expect(total).toBeLessThanOrEqual(LIMIT);
});

test('a page behind a server needs no file of the engine to begin', () => {
  const html = readFileSync('dist/page/index.html', 'utf8');
  expect(html).not.toContain('engine/');
  expect(html).not.toMatch(/<style|<script(?![^>]*src=)|style=|https?:\/\/(?!localhost|127\.0\.0\.1)/);
});
