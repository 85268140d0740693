/** Checks a finished graph: every value defined before it is used, no name twice, nothing computed in vain. */
import type { Graph } from './graph.ts';
import type { Value } from './types.ts';

/** Problems found, in sentences; none for a sound graph. Dead nodes are allowed for (the model's bytes leave them out) unless `strict`. */
export function verify(graph: Graph, { strict = false } = {}): string[] {
  const problems: string[] = [];
  const defined = new Set<Value>([...graph.inputs, ...graph.constants]);
  const names = new Set<string>();
  const claim = (name: string) => {
    if (names.has(name)) problems.push(`the name ${name} is given twice`);
    names.add(name);
  };
  for (const value of defined) claim(value.name);
  const used = new Set<Value>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      used.add(input);
      if (!defined.has(input)) problems.push(`${node.name} (${node.op}) uses ${input.name} before it is defined`);
    }
    for (const output of node.outputs) {
      defined.add(output);
      claim(output.name);
    }
  }
  for (const { name, value } of graph.outputs) {
    used.add(value);
    if (!defined.has(value)) problems.push(`output ${name} is ${value.name}, which nothing defines`);
  }
  if (strict) {
    for (const node of graph.nodes) {
      if (!node.outputs.some((output) => used.has(output))) problems.push(`nothing uses ${node.name} (${node.op})`);
    }
    for (const input of graph.inputs) if (!used.has(input)) problems.push(`nothing uses input ${input.name}`);
  }
  return problems;
}
