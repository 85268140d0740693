/** Compiling and running behind a worker's gate, each a sign of its life. */
import type { Compile, Program } from '../../runtime/runtime.ts';
import { throughGate } from './exit-gate.ts';
import { beat } from './pulse.ts';

/** `compilerOf` is asked when there is something to compile, and once. */
export function gatedCompile(compilerOf: () => Promise<Compile>, gate: Int32Array, pulse: Int32Array): Compile {
  let compiling: Promise<Compile> | null = null;
  const compiled: Compile = async (graph, name) => {
    compiling ??= compilerOf();
    const compile = await compiling;
    beat(pulse);
    return throughGate(gate, () => compile(graph, name));
  };
  return async (graph, name) => gated(await compiled(graph, name), gate, pulse);
}

/** Apart from what compiles: closures of one function hold on to all that any of them uses, there a graph with its weights. */
const gated = (program: Program, gate: Int32Array, pulse: Int32Array): Program => ({
  run(inputs) {
    beat(pulse);
    return throughGate(gate, () => program.run(inputs));
  },
  close: () => throughGate(gate, () => program.close()),
});
