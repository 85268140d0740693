/** A graph as text, one line per node, for reviews and golden files; branches stand indented below their node. */
import { type Computation, type GraphNode, showType } from './types.ts';

export const print = (graph: Computation): string => `${linesOf(graph).join('\n')}\n`;

const linesOf = (graph: Computation): string[] => [
  ...graph.inputs.map((input) => `input ${input.name}: ${showType(input)}`),
  ...graph.nodes.flatMap(nodeLines),
  ...graph.outputs.map(({ name, value }) => `output ${name} = ${value.name}: ${showType(value)}`),
];

function nodeLines({ op, inputs, outputs, attributes, branches }: GraphNode): string[] {
  const shown = Object.entries(attributes as Record<string, unknown>)
    .filter(([key]) => !(key in branches))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const call = [...inputs.map((input) => input.name), ...shown].join(', ');
  const given = outputs.map((output) => `${output.name}: ${showType(output)}`).join('; ');
  const within = Object.entries(branches).flatMap(([key, branch]) => [
    `  ${key}:`,
    ...linesOf(branch).map((line) => `    ${line}`),
  ]);
  return [`${given} = ${op}(${call})`, ...within];
}
