/** The bytes of a model, read back by the wire format and by onnxruntime. Field numbers are those of onnx.proto. */
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { backward, Graph, toOnnx } from '../../src/graph/index.ts';
import { outputName } from '../../src/graph/onnx.ts';
import { type Fields, messagesOf, numberOf, numbersOf, readMessage, stringsOf } from '../support/wire.ts';

const MODEL = { irVersion: 1, producer: 2, graph: 7, opsets: 8 };
const GRAPH = { nodes: 1, name: 2, initializers: 5, inputs: 11, outputs: 12 };
const NODE = { inputs: 1, outputs: 2, name: 3, type: 4, attributes: 5 };
const ATTRIBUTE = { name: 1, f: 2, i: 3, s: 4, tensor: 5, ints: 8, type: 20 };
const TENSOR = { dims: 1, dtype: 2, name: 8, bytes: 9 };

/** A small network with its gradients: every kind of attribute, constant and dimension. */
function build(): Graph {
  const g = new Graph();
  const x = g.input('x', 'float32', ['B', 'S', 4]);
  const mask = g.input('mask', 'uint8', ['B*S']);
  const weight = g.input('weight', 'float32', [6, 4]);
  const table = g.constant('table', Float32Array.of(1, 2, 3, 4, 5, 6), [6]);
  g.scope('layer.0', () => {
    const rows = g.reshape(g.transpose(x, [1, 0, 2]), ['B*S', 4]);
    const projected = g.linear(rows, weight, table);
    const normal = g.op('LayerNormalization', [projected, table, table], { epsilon: 1e-5 });
    const kept = g.mul(g.softmax(normal), g.unsqueeze(g.op('Scale8', [mask, g.scalar(1.25)], {}), 1));
    const order = g.op('CumSum', [g.range('B*S')], { axis: 0, exclusive: true });
    const loss = g.sum(g.mul(kept, g.unsqueeze(g.cast(order, 'float32'), 1)), [0, 1]);
    g.output('loss', loss);
    g.output('gradient:weight', backward(g, loss, [weight])[0]);
  });
  g.output('x', x);
  g.output('table', table);
  g.output('again', table);
  return g;
}
const model = (g: Graph): Fields => readMessage(toOnnx(g, 'small'));
const graphOf = (g: Graph): Fields => messagesOf(model(g), MODEL.graph)[0];

describe('the bytes of a model', () => {
  it('say version, opset, producer and name', () => {
    const fields = model(build());
    expect(numberOf(fields, MODEL.irVersion)).toBe(9);
    expect(stringsOf(fields, MODEL.producer)).toEqual(['magic-pyramid']);
    const opsets = messagesOf(fields, MODEL.opsets);
    expect(opsets.map((opset) => [stringsOf(opset, 1).join(), numberOf(opset, 2)])).toEqual([['', 20]]);
    expect(stringsOf(graphOf(build()), GRAPH.name)).toEqual(['small']);
  });

  it('name inputs and outputs with dtype and dimensions, symbols by their text', () => {
    const show = (value: Fields) => {
      const [type] = messagesOf(messagesOf(value, 2)[0], 1);
      const shape = messagesOf(type, 2).flatMap((found) => messagesOf(found, 1));
      const dims = shape.map((dim) => stringsOf(dim, 2)[0] ?? numberOf(dim, 1));
      return [stringsOf(value, 1)[0], numberOf(type, 1), ...dims];
    };
    const fields = graphOf(build());
    expect(messagesOf(fields, GRAPH.inputs).map(show)).toEqual([
      ['x', 1, 'B', 'S', 4],
      ['mask', 2, 'B*S'],
      ['weight', 1, 6, 4],
    ]);
    expect(messagesOf(fields, GRAPH.outputs).map(show)).toEqual([
      ['output.loss', 1],
      ['output.gradient:weight', 1, 6, 4],
      ['output.x', 1, 'B', 'S', 4],
      ['output.table', 1, 6],
      ['output.again', 1, 6],
    ]);
  });

  it('hold each constant once, with as many bytes as its shape and dtype need, scalars with rank 0', () => {
    const initializers = messagesOf(graphOf(build()), GRAPH.initializers);
    const widths: Record<number, number> = { 1: 4, 7: 8 };
    const names = initializers.flatMap((tensor) => stringsOf(tensor, TENSOR.name));
    expect(new Set(names).size).toBe(names.length);
    for (const tensor of initializers) {
      const [name] = stringsOf(tensor, TENSOR.name);
      const dims = numbersOf(tensor, TENSOR.dims);
      const bytes = tensor.get(TENSOR.bytes)?.[0] as Uint8Array;
      expect(bytes.length, name).toBe(dims.reduce((n, dim) => n * dim, widths[numberOf(tensor, TENSOR.dtype)!]));
      if (name.startsWith('scalar.')) expect(dims, name).toEqual([]);
    }
    expect(names.filter((name) => name.startsWith('scalar.')).length).toBeGreaterThan(2);
    // the axis of CumSum is a scalar by its specification
    const axis = initializers.find((tensor) => stringsOf(tensor, TENSOR.name)[0] === 'layer.0.CumSum.constant.0')!;
    expect(numbersOf(axis, TENSOR.dims)).toEqual([]);
    const table = initializers.find((tensor) => stringsOf(tensor, TENSOR.name)[0] === 'table')!;
    const bytes = (table.get(TENSOR.bytes)![0] as Uint8Array).slice();
    expect(Array.from(new Float32Array(bytes.buffer))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('write attributes with type and value', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', ['N', 4]);
    const weight = g.input('weight', 'float32', [6, 4]);
    g.output('product', g.linear(x, weight));
    g.output('turned', g.transpose(x, [1, 0]));
    g.output('zeros', g.zeros(['N'], 'int64'));
    g.output('normal', g.op('LayerNormalization', [x, g.zeros([4]), g.zeros([4])], { epsilon: 0.25 }));
    g.output('sums', g.scatterAdd(g.zeros([2]), g.range('N'), g.sum(x, [1])));
    const nodes = messagesOf(graphOf(g), GRAPH.nodes);
    const attributes = (type: string) =>
      messagesOf(nodes.find((node) => stringsOf(node, NODE.type)[0] === type)!, NODE.attributes);
    const named = (type: string, name: string) =>
      attributes(type).find((attribute) => stringsOf(attribute, ATTRIBUTE.name)[0] === name)!;

    expect(numberOf(named('Gemm', 'transB'), ATTRIBUTE.type)).toBe(2);
    expect(numberOf(named('Gemm', 'transB'), ATTRIBUTE.i)).toBe(1);
    expect(numberOf(named('Gemm', 'transA'), ATTRIBUTE.i)).toBe(0);
    expect(numberOf(named('Transpose', 'perm'), ATTRIBUTE.type)).toBe(7);
    expect(numbersOf(named('Transpose', 'perm'), ATTRIBUTE.ints)).toEqual([1, 0]);
    expect(numberOf(named('LayerNormalization', 'epsilon'), ATTRIBUTE.type)).toBe(1);
    expect(numberOf(named('LayerNormalization', 'epsilon'), ATTRIBUTE.f)).toBe(0x3e800000); // the bits of 0.25
    expect(numberOf(named('ScatterElements', 'reduction'), ATTRIBUTE.type)).toBe(3);
    expect(stringsOf(named('ScatterElements', 'reduction'), ATTRIBUTE.s)).toEqual(['add']);
    expect(numberOf(named('ConstantOfShape', 'value'), ATTRIBUTE.type)).toBe(4);
    const [value] = messagesOf(named('ConstantOfShape', 'value'), ATTRIBUTE.tensor);
    expect(numbersOf(value, TENSOR.dims)).toEqual([1]);
    expect(numberOf(value, TENSOR.dtype)).toBe(7);
  });

  it('are the same for the same graph, and others for another', () => {
    const bytes = toOnnx(build(), 'small');
    expect(Buffer.compare(bytes, toOnnx(build(), 'small'))).toBe(0);
    const other = build();
    other.output('one more', other.scalar(1));
    expect(Buffer.compare(bytes, toOnnx(other, 'small'))).not.toBe(0);
  });

  it('leave out nodes and constants that no output needs', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', [2, 2]);
    g.constant('idle', new Float32Array(4), [2, 2]);
    const idle = g.constant('apart', new Float32Array(1), [1]);
    g.matmul(g.add(x, idle), x);
    const [kept] = g.split(g.add(x, 1), 0, [1, 1]);
    g.output('y', kept);
    const fields = graphOf(g);
    const types = messagesOf(fields, GRAPH.nodes).flatMap((node) => stringsOf(node, NODE.type));
    expect(types).toEqual(['Add', 'Split', 'Identity']);
    const names = messagesOf(fields, GRAPH.initializers).flatMap((tensor) => stringsOf(tensor, TENSOR.name));
    expect(names).toEqual(['scalar.float32.1', 'Split.constant.0']);
    expect(messagesOf(fields, GRAPH.inputs)).toHaveLength(1);
  });

  it('load in onnxruntime, which reports the same inputs and outputs', async () => {
    const g = build();
    const session = await ort.InferenceSession.create(toOnnx(g, 'small'));
    try {
      expect(session.inputNames).toEqual(['x', 'mask', 'weight']);
      expect(session.outputNames).toEqual(g.outputs.map(({ name }) => outputName(name)));
      const show = (found: readonly ort.InferenceSession.ValueMetadata[]) =>
        found.map((value) => (value.isTensor ? [value.name, value.type, ...value.shape] : [value.name]));
      expect(show(session.inputMetadata)).toEqual(g.inputs.map(({ name, dtype, shape }) => [name, dtype, ...shape]));
      expect(show(session.outputMetadata)).toEqual(
        g.outputs.map(({ name, value }) => [outputName(name), value.dtype, ...value.shape]),
      );
    } finally {
      await session.release();
    }
  });
});
