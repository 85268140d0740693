/** A graph as text, one line per node, for reviews and golden files. */
import type { Graph } from './graph.ts';
import { showType } from './types.ts';

export function print(graph: Graph): string {
  const lines = [
    ...graph.inputs.map((input) => `input ${input.name}: ${showType(input)}`),
    ...graph.nodes.map((node) => {
      const attributes = Object.entries(node.attributes as Record<string, unknown>).map(
        ([key, value]) => `${key}=${JSON.stringify(value)}`,
      );
      const call = [...node.inputs.map((input) => input.name), ...attributes].join(', ');
      return `${node.outputs.map((output) => `${output.name}: ${showType(output)}`).join('; ')} = ${node.op}(${call})`;
    }),
    ...graph.outputs.map(({ name, value }) => `output ${name} = ${value.name}: ${showType(value)}`),
  ];
  return `${lines.join('\n')}\n`;
}
