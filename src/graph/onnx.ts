/**
 * A graph as the bytes of an ONNX model (IR version 9, opset 20). The messages are those of the specification's
 * onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), of which this file describes the part we
 * write; @bufbuild/protobuf does the encoding of its values.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { type OnnxAttribute, type OpName, onnxDType, ops } from './ops.ts';
import type { Computation, Constant, DType, GraphNode, Value } from './types.ts';

const OPSET = 20;
const IR_VERSION = 9;
const OUTPUT = 'output.';

/**
 * Names of the model's inputs are the graph's, those of its outputs too after `prefix` (without one they must differ
 * from every other name). What no output needs is left out: onnxruntime would compute it. `metadata`: what the file says of
 * itself, by key.
 */
export function toOnnx(
  graph: Computation,
  name: string,
  prefix = OUTPUT,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  return encoded('ModelProto', {
    irVersion: BigInt(IR_VERSION),
    producerName: 'magic-pyramid',
    opsetImport: [{ domain: '', version: BigInt(OPSET) }],
    graph: graphMessage(graph, name, prefix, ancestors(graph)),
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
}

function graphMessage(graph: Computation, name: string, prefix: string, needed: ReadonlySet<Value>): object {
  const extra: object[] = [];
  const nodes = graph.nodes
    .filter((node) => node.outputs.some((output) => needed.has(output)))
    .map((node) => nodeMessage(node, needed, extra));
  // an output that is an input, a constant, of a graph around, or given out twice needs a node of its own name
  const outputs = graph.outputs.map((output) => {
    nodes.push({
      name: `${prefix || OUTPUT}${output.name}`,
      opType: 'Identity',
      input: [output.value.name],
      output: [`${prefix}${output.name}`],
    });
    return typeMessage(`${prefix}${output.name}`, output.value);
  });
  return {
    name,
    node: nodes,
    initializer: [...graph.constants.filter((constant) => needed.has(constant)).map(tensorMessage), ...extra],
    input: graph.inputs.map((input) => typeMessage(input.name, input)),
    output: outputs,
  };
}

/** The name under which a graph's output appears in the model. */
export const outputName = (name: string): string => `${OUTPUT}${name}`;

/** Every value that an output is computed from, the outputs included, and those within its branches. */
function ancestors(graph: Computation, set = new Set<Value>()): Set<Value> {
  for (const { value } of graph.outputs) set.add(value);
  for (const node of graph.nodes.slice().reverse()) {
    if (!node.outputs.some((output) => set.has(output))) continue;
    for (const input of node.inputs) set.add(input);
    for (const branch of Object.values(node.branches)) ancestors(branch, set);
  }
  return set;
}

function nodeMessage(node: GraphNode, needed: ReadonlySet<Value>, extra: object[]): object {
  const form = (ops[node.op as OpName].onnx as (a: object) => import('./ops.ts').OnnxForm)(node.attributes);
  const branches = Object.entries(node.branches).map(([key, branch]) => ({
    name: key,
    type: attributeType.graph,
    g: graphMessage(branch, `${node.name}.${key}`, `${node.name}.${key}.`, needed),
  }));
  const inputs = node.inputs.slice(0, form.inputs).map((input) => input.name);
  form.constants?.forEach((values, i) => {
    const constant = `${node.name}.constant.${i}`;
    extra.push({
      name: constant,
      dims: typeof values === 'number' ? [] : [BigInt(values.length)],
      dataType: onnxDType.int64,
      rawData: bytesOf(BigInt64Array.from([values].flat(), BigInt)),
    });
    // Slice wants its start before the end that the graph computed
    if (form.type === 'Slice') inputs.splice(1, 0, constant);
    else inputs.push(constant);
  });
  return {
    name: node.name,
    opType: form.type ?? node.op,
    input: inputs,
    output: node.outputs
      .filter((_, i) => i < (form.outputs ?? node.outputs.length) || node.outputs.slice(i).some((o) => needed.has(o)))
      .map((output) => output.name),
    attribute: [
      ...Object.entries(form.attributes ?? {}).map(([key, value]) => attributeMessage(key, value)),
      ...branches,
    ],
  };
}

/** AttributeProto.AttributeType of the specification. */
const attributeType = { f: 1, i: 2, s: 3, tensor: 4, graph: 5, ints: 7 };

function attributeMessage(name: string, value: OnnxAttribute): object {
  if ('f' in value) return { name, type: attributeType.f, f: value.f };
  if ('i' in value) return { name, type: attributeType.i, i: BigInt(value.i) };
  if ('s' in value) return { name, type: attributeType.s, s: new TextEncoder().encode(value.s) };
  if ('ints' in value) return { name, type: attributeType.ints, ints: value.ints.map(BigInt) };
  const { dtype, value: number } = value.tensor;
  return {
    name,
    type: attributeType.tensor,
    t: { dims: [1n], dataType: onnxDType[dtype], rawData: scalarBytes(dtype, number) },
  };
}

const tensorMessage = (constant: Constant): object => ({
  name: constant.name,
  dims: constant.shape.map((dim) => BigInt(dim)),
  dataType: onnxDType[constant.dtype],
  rawData: constant.data,
});

const typeMessage = (name: string, { dtype, shape }: Pick<Value, 'dtype' | 'shape'>): object => ({
  name,
  type: {
    tensorType: {
      elemType: onnxDType[dtype],
      shape: { dim: shape.map((dim) => (typeof dim === 'number' ? { dimValue: BigInt(dim) } : { dimParam: dim })) },
    },
  },
});

const bytesOf = (array: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

function scalarBytes(dtype: DType, value: number): Uint8Array {
  if (dtype === 'float32') return bytesOf(Float32Array.of(value));
  if (dtype === 'int64') return bytesOf(BigInt64Array.of(BigInt(value)));
  if (dtype === 'int32') return bytesOf(Int32Array.of(value));
  return Uint8Array.of(value);
}

// ------------------------------------------------------------------------------- the part of onnx.proto that we write

type Field = readonly [number: number, name: string, type: string, label?: 'repeated'];
/** Fields by rising number, the order in which they are written. */
const messages: Readonly<Record<string, readonly Field[]>> = {
  AttributeProto: [
    [1, 'name', 'string'],
    [2, 'f', 'float'],
    [3, 'i', 'int64'],
    [4, 's', 'bytes'],
    [5, 't', 'TensorProto'],
    [6, 'g', 'GraphProto'],
    [8, 'ints', 'int64', 'repeated'],
    [20, 'type', 'int32'],
  ],
  ValueInfoProto: [
    [1, 'name', 'string'],
    [2, 'type', 'TypeProto'],
  ],
  NodeProto: [
    [1, 'input', 'string', 'repeated'],
    [2, 'output', 'string', 'repeated'],
    [3, 'name', 'string'],
    [4, 'opType', 'string'],
    [5, 'attribute', 'AttributeProto', 'repeated'],
    [7, 'domain', 'string'],
  ],
  ModelProto: [
    [1, 'irVersion', 'int64'],
    [2, 'producerName', 'string'],
    [7, 'graph', 'GraphProto'],
    [8, 'opsetImport', 'OperatorSetIdProto', 'repeated'],
    [14, 'metadataProps', 'StringStringEntryProto', 'repeated'],
  ],
  StringStringEntryProto: [
    [1, 'key', 'string'],
    [2, 'value', 'string'],
  ],
  GraphProto: [
    [1, 'node', 'NodeProto', 'repeated'],
    [2, 'name', 'string'],
    [5, 'initializer', 'TensorProto', 'repeated'],
    [11, 'input', 'ValueInfoProto', 'repeated'],
    [12, 'output', 'ValueInfoProto', 'repeated'],
  ],
  TensorProto: [
    [1, 'dims', 'int64', 'repeated'],
    [2, 'dataType', 'int32'],
    [8, 'name', 'string'],
    [9, 'rawData', 'bytes'],
  ],
  Dimension: [
    [1, 'dimValue', 'int64'],
    [2, 'dimParam', 'string'],
  ],
  TensorShapeProto: [[1, 'dim', 'Dimension', 'repeated']],
  TensorType: [
    [1, 'elemType', 'int32'],
    [2, 'shape', 'TensorShapeProto'],
  ],
  TypeProto: [[1, 'tensorType', 'TensorType']],
  OperatorSetIdProto: [
    [1, 'domain', 'string'],
    [2, 'version', 'int64'],
  ],
};

/** The bytes of a message. A field that is given is written, also where it is 0; others are left out. */
function encoded(type: string, value: object): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writeMessage(writer, type, value);
  return writer.finish() as Uint8Array<ArrayBuffer>;
}

function writeMessage(writer: BinaryWriter, type: string, value: object): void {
  for (const [number, name, kind, label] of messages[type]) {
    const given = (value as Readonly<Record<string, unknown>>)[name];
    if (given === undefined) continue;
    for (const one of label === 'repeated' ? (given as readonly unknown[]) : [given]) {
      const scalar = scalars[kind];
      writer.tag(number, scalar?.wire ?? WireType.LengthDelimited);
      if (scalar) scalar.write(writer, one);
      else {
        writer.fork();
        writeMessage(writer, kind, one as object);
        writer.join();
      }
    }
  }
}

interface Scalar {
  readonly wire: WireType;
  readonly write: (writer: BinaryWriter, value: unknown) => void;
}
const scalars: Readonly<Record<string, Scalar | undefined>> = {
  string: { wire: WireType.LengthDelimited, write: (writer, value) => writer.string(value as string) },
  bytes: { wire: WireType.LengthDelimited, write: (writer, value) => writer.bytes(value as Uint8Array) },
  int32: { wire: WireType.Varint, write: (writer, value) => writer.int32(value as number) },
  int64: { wire: WireType.Varint, write: (writer, value) => writer.int64(value as bigint) },
  float: { wire: WireType.Bit32, write: (writer, value) => writer.float(value as number) },
};
