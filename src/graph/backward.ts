/** Reverse-mode differentiation: walks a graph backwards, looks rules up in gradients.ts, and adds gradients that meet. */
import { type GradientRule, gradients } from './gradients.ts';
import type { Graph } from './graph.ts';
import type { OpName } from './ops.ts';
import { broadcast, readBy, sameShape, showType, type Value } from './types.ts';

/**
 * Gradients of the scalar `loss` by each value of `wrt`, as values of the same graph.
 * Values that only integers or truth values lead through get no gradient; a `wrt` that the loss does not depend on
 * is an error, since it would train nothing.
 */
export function backward(g: Graph, loss: Value, wrt: readonly Value[]): Value[] {
  if (loss.shape.length !== 0 || loss.dtype !== 'float32')
    throw new Error(`internal: the loss is ${showType(loss)}, not a float32 scalar`);
  const needed = dependents(g, wrt);
  const found = new Map<Value, Value>([[loss, g.scalar(1)]]);
  for (const node of g.nodes.slice().reverse()) {
    if (!needed.has(node.outputs[0]) && !node.outputs.some((output) => needed.has(output))) continue;
    const dy = node.outputs.map((output) => found.get(output) ?? null);
    if (dy.every((value) => value === null)) continue;
    const rule = gradients[node.op as OpName] as GradientRule<object>;
    const dx = g.scope(`gradient.${node.name}`, () => rule(g, node, dy, node.attributes));
    if (dx.length > node.inputs.length)
      throw new Error(`internal: the rule of ${node.op} gives ${dx.length} gradients for ${node.inputs.length} inputs`);
    dx.forEach((gradient, i) => {
      const input = node.inputs[i];
      if (!gradient || !needed.has(input)) return;
      g.scope(`gradient.${node.name}`, () => {
        const reduced = unbroadcast(g, gradient, input);
        const before = found.get(input);
        found.set(input, before ? g.add(before, reduced) : reduced);
      });
    });
  }
  return wrt.map((value) => {
    const gradient = found.get(value);
    if (!gradient) throw new Error(`internal: the loss does not depend on ${value.name}`);
    return gradient;
  });
}

/** All values that depend on one of `roots`, the roots included. */
function dependents(g: Graph, roots: readonly Value[]): Set<Value> {
  const set = new Set(roots);
  for (const node of g.nodes) {
    if (readBy(node).some((input) => set.has(input)))
      for (const output of node.outputs) if (output.dtype === 'float32') set.add(output);
  }
  return set;
}

/** Sums a gradient over the axes that its input was broadcast along. */
function unbroadcast(g: Graph, gradient: Value, input: Value): Value {
  if (gradient.dtype !== input.dtype)
    throw new Error(`internal: gradient ${showType(gradient)} of ${input.name}, ${showType(input)}`);
  if (sameShape(gradient.shape, input.shape)) return gradient;
  const joint = broadcast(gradient.shape, input.shape);
  if (!joint) throw new Error(`internal: gradient ${showType(gradient)} of ${input.name}, ${showType(input)}`);
  // a rule may give less than the input's shape (a scalar's gradient spread over it)
  const full = sameShape(joint, gradient.shape) ? gradient : g.expand(gradient, joint);
  const extra = joint.length - input.shape.length;
  const axes = joint
    .map((_, axis) => axis)
    .filter((axis) => axis < extra || (input.shape[axis - extra] === 1 && joint[axis] !== 1));
  const summed = axes.length > 0 ? g.sum(full, axes, true) : full;
  return sameShape(summed.shape, input.shape) ? summed : g.reshape(summed, input.shape);
}
