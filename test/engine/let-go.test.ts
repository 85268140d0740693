// A program lives as long as its model; the graph that it was compiled from, with the weights, must not.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { LazyPrograms } from '../../src/engine/browser/lazy-programs.ts';
import { newGate } from '../../src/engine/workers/exit-gate.ts';
import { gatedCompile } from '../../src/engine/workers/gated-compile.ts';
import { newPulse } from '../../src/engine/workers/pulse.ts';
import { Graph } from '../../src/graph/index.ts';
import { nodeDevice } from '../../src/runtime/node.ts';
import { nodeWasm } from '../../src/runtime/node-wasm.ts';
import { type Compile, compileOn, float32 } from '../../src/runtime/runtime.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const native: Compile = compileOn(nodeDevice('cpu'), { threads: 1 });
const lazy = new LazyPrograms(native);

test.each<[string, Compile]>([
  ['the native library', native],
  ['WebAssembly', async (graph, name) => (await nodeWasm(1))(graph, name)],
  ['a worker’s gate', gatedCompile(async () => native, newGate(), newPulse())],
  ['programs that are compiled when they are run', lazy.compile],
])('%s lets go of the graph of a program that goes on', async (_, compile) => {
  const { program, graph } = await compiled(compile);
  const run = () => program.run({ x: float32(Float32Array.of(1, 2), 2) });
  expect((await run()).y.data).toEqual(Float32Array.of(4, 5));
  await new Promise((resolve) => setTimeout(resolve)); // a reference is held until its turn ends
  collect();
  expect(graph.deref()).toBeUndefined();
  expect((await run()).y.data).toEqual(Float32Array.of(4, 5));
  await program.close();
});

async function compiled(compile: Compile) {
  const g = new Graph();
  g.output('y', g.add(g.input('x', 'float32', ['N']), g.scalar(3)));
  return { program: await compile(g, 'plus three'), graph: new WeakRef(g) };
}
