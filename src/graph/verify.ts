/**
 * Checks a finished graph: every value defined before it is used, no name twice, nothing computed in vain. A branch may use
 * what is defined around it before its node, and nothing outside may use what is defined in it.
 */
import type { Computation, Value } from './types.ts';

/** Problems found, in sentences; none for a sound graph. Dead nodes are allowed for (the model's bytes leave them out) unless `strict`. */
export function verify(graph: Computation, { strict = false } = {}): string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  const used = new Set<Value>();
  const claim = ({ name }: Value) => {
    if (names.has(name)) problems.push(`the name ${name} is given twice`);
    names.add(name);
  };
  const visit = ({ inputs, constants, nodes, outputs }: Computation, around: Iterable<Value>): void => {
    const defined = new Set(around);
    for (const value of [...inputs, ...constants]) {
      defined.add(value);
      claim(value);
    }
    for (const node of nodes) {
      for (const input of node.inputs) {
        used.add(input);
        if (!defined.has(input)) problems.push(`${node.name} (${node.op}) uses ${input.name} before it is defined`);
      }
      for (const branch of Object.values(node.branches)) visit(branch, defined);
      for (const output of node.outputs) {
        defined.add(output);
        claim(output);
      }
    }
    for (const { name, value } of outputs) {
      used.add(value);
      if (!defined.has(value)) problems.push(`output ${name} is ${value.name}, which nothing defines`);
    }
    if (!strict) return;
    for (const node of nodes) {
      if (!node.outputs.some((output) => used.has(output))) problems.push(`nothing uses ${node.name} (${node.op})`);
    }
    for (const input of inputs) if (!used.has(input)) problems.push(`nothing uses input ${input.name}`);
  };
  visit(graph, []);
  return problems;
}
