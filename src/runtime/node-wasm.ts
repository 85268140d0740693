/**
 * Runs graphs on onnxruntime-web in a process of Node, Bun or Deno: for systems that onnxruntime-node has no library for.
 * WebAssembly is started once a thread, at the first graph.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Compile } from './runtime.ts';
import { type OrtWeb, startRuntime } from './web.ts';

const require = createRequire(import.meta.url);
const addressOf = (file: string): string => pathToFileURL(require.resolve(`onnxruntime-web/${file}`)).href;

let started: Promise<Compile> | null = null;

/** As many threads as the first caller asks for: a process has one WebAssembly. */
export function nodeWasm(threads: number): Promise<Compile> {
  started ??= start(threads);
  return started;
}

async function start(threads: number): Promise<Compile> {
  // the package's build for Node: those for browsers make threads from addresses that Node does not open
  const ort = (await import('onnxruntime-web')) as unknown as OrtWeb;
  const files = {
    mjs: addressOf('ort-wasm-simd-threaded.mjs'),
    wasm: addressOf('ort-wasm-simd-threaded.wasm'),
  };
  return startRuntime(ort, { device: 'wasm', files, threads });
}
