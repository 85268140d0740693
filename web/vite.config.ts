import { defineConfig } from 'vite';

// One build for both homes: behind `magic-pyramid serve`, and as files on any static host. Addresses are relative, so
// that the page may live in a subfolder, and nothing is inlined as data:, which a strict Content-Security-Policy
// forbids. The browser's engine is built beside it afterwards (scripts/build-browser.mjs), since this empties the folder.
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
