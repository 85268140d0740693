/** Builds a graph, runs it once on the CPU and gives its outputs. */
import { Graph, type Value } from '../../src/graph/index.ts';
import type { Tensor, Tensors } from '../../src/runtime/runtime.ts';
import { compile } from './cpu.ts';

export async function runGraph(
  build: (g: Graph) => Record<string, Value>,
  inputs: Tensors,
): Promise<Record<string, Tensor>> {
  const g = new Graph();
  for (const [name, value] of Object.entries(build(g))) g.output(name, value);
  const program = await compile(g, 'test');
  try {
    return await program.run(inputs);
  } finally {
    await program.close();
  }
}
