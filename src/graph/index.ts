export { backward } from './backward.ts';
export { Graph } from './graph.ts';
export { toOnnx } from './onnx.ts';
export { print } from './print.ts';
export type { Computation, Constant, Dim, DType, GraphNode, Shape, Type, Value } from './types.ts';
export { verify } from './verify.ts';
