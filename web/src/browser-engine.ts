/**
 * The engine in this browser, when it is wanted: files of their own in `engine/` beside the page (built by
 * scripts/build-browser.mjs), which the server-backed page never loads.
 */
import type { OpenModel } from '../../src/web/page-engine.ts';

export const openModel: OpenModel = async (source, options) => {
  const address = new URL('engine/index.js', document.baseURI).href;
  const engine = (await import(/* @vite-ignore */ address)) as { readonly openModel: OpenModel };
  return engine.openModel(source, options);
};
