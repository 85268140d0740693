import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { webRuntime } from '../../src/runtime/web.ts';
import { runtimeContract } from './runtime.contract.ts';

// the same WebAssembly that a browser loads, in one thread whatever is asked for; test/web has it in a real one, and threads
const file = (name: string) => pathToFileURL(createRequire(import.meta.url).resolve(`onnxruntime-web/${name}`)).href;
const files = { mjs: file('ort-wasm-simd-threaded.mjs'), wasm: file('ort-wasm-simd-threaded.wasm') };
const runtime = webRuntime({ device: 'wasm', threads: 1, files });

runtimeContract('onnxruntime-web', async (graph, name) => (await runtime)(graph, name));
