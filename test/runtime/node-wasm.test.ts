import { nodeDevice } from '../../src/runtime/node.ts';
import { runtimeContract } from './runtime.contract.ts';

// with two threads, whichever a graph asks for: a process has one WebAssembly, and the first graph starts it
const wasm = nodeDevice('wasm');
runtimeContract('onnxruntime-web in Node', (graph, name, options) =>
  wasm.compile(graph, name, { ...options, threads: 2 }),
);
