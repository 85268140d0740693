import { defineConfig, type Plugin } from 'vite';
import { withoutMachine } from '../scripts/without-machine.mjs';

// One build for both homes: behind `magic-pyramid serve`, and as files on any static host. Addresses are relative, so
// that the page may live in a subfolder, and nothing is inlined as data:, which a strict Content-Security-Policy
// forbids. The browser's engine is built beside it afterwards (scripts/build-browser.mjs), since this empties the folder.
/** The development server puts styles and a socket into the page, which its policy forbids; the built page keeps it. */
const withoutPolicy: Plugin = {
  name: 'without-policy',
  apply: 'serve',
  transformIndexHtml: (html) => html.replace(/<meta\s+http-equiv="Content-Security-Policy"[^>]*>/, ''),
};

/** What answers the page while it is worked on: `magic-pyramid serve` at its usual port. */
const SERVER = 'http://127.0.0.1:8080';

/** In files that an index names and the page does not use: they are gone from the result, else no browser would run it. */
const OF_NODE = /^node:/;
const WITHOUT_NODE = {
  external: OF_NODE,
  treeshake: { moduleSideEffects: (id: string) => (OF_NODE.test(id) ? false : undefined) },
};

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
    rolldownOptions: WITHOUT_NODE,
  },
  worker: { format: 'es', plugins: () => [withoutMachine()], rolldownOptions: WITHOUT_NODE },
  plugins: [withoutPolicy, withoutMachine()],
  server: { proxy: { '/v1': SERVER, '/metrics': SERVER, '/engine': SERVER } },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
