/** Runs graphs in this process: on onnxruntime-node, or in WebAssembly (node-wasm.ts). */
import type * as OnnxRuntime from 'onnxruntime-node';
import { type Graph, toOnnx, verify } from '../graph/index.ts';
import { outputName } from '../graph/onnx.ts';
import { letGo } from '../let-go.ts';
import { chooseDevice } from './choose-device.ts';
import { type DeviceSpec, devices, type NodeDevice } from './devices.ts';
import { nodeWasm } from './node-wasm.ts';
import { native } from './onnxruntime.ts';
import type { Device, Program, RuntimeOptions, Tensor } from './runtime.ts';

/** The device of that name; null or left out: the one that is chosen here. Throws MP_RUNTIME, MP_OPTION_VALUE. */
export function nodeDevice(given: NodeDevice | null = null): Device {
  const { name, note } = chooseDevice(given);
  if (name === 'wasm')
    return {
      name,
      note,
      compile: async (graph, program, { threads }) => (await nodeWasm(threads))(graph, program),
    };
  const ort = native().ort!;
  return { name, note, compile: (graph, program, options) => compile(ort, devices[name], graph, program, options) };
}

async function compile(
  ort: typeof OnnxRuntime,
  { provider }: DeviceSpec,
  graph: Graph,
  name: string,
  { threads, crowded = false }: RuntimeOptions,
): Promise<Program> {
  const problems = verify(graph);
  if (problems.length > 0) throw new Error(`internal: graph ${name}: ${problems.join('; ')}`);
  const bytes = toOnnx(graph, name);
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // memory patterns and the arena hold on to the largest shape of each run, which varying batches make many of
    enableMemPattern: false,
    enableCpuMemArena: true,
    // what goes wrong is thrown; the log would say it a second time
    logSeverityLevel: 4,
    extra: {
      session: {
        // not for long: where other processes want the cores, a thread that waits busily takes them from all
        intra_op: { allow_spinning: crowded ? '0' : '1', spin_duration_us: '100' },
        // a session that is not running would take the cores from the one that is
        force_spinning_stop: '1',
      },
    },
  });
  letGo(bytes);
  const inputs = graph.inputs.map((input) => input.name);
  const outputs = graph.outputs.map((output) => output.name);
  return {
    async run(given, into = {}) {
      const feeds: Record<string, OnnxRuntime.Tensor> = {};
      for (const input of inputs) {
        const tensor = given[input];
        if (!tensor) throw new Error(`internal: graph ${name} was run without its input ${input}`);
        feeds[input] = toOrt(ort, tensor);
      }
      const fetches: Record<string, OnnxRuntime.Tensor | null> = {};
      for (const output of outputs) fetches[outputName(output)] = into[output] ? toOrt(ort, into[output]) : null;
      const results = await session.run(feeds, fetches as Record<string, OnnxRuntime.Tensor>);
      return Object.fromEntries(
        outputs.map((output) => [output, into[output] ?? fromOrt(results[outputName(output)])]),
      );
    },
    close: () => session.release(),
  };
}

const toOrt = (ort: typeof OnnxRuntime, { dtype, dims, data }: Tensor): OnnxRuntime.Tensor =>
  new ort.Tensor(dtype, data as OnnxRuntime.Tensor.DataType, dims);
const fromOrt = (tensor: OnnxRuntime.Tensor): Tensor =>
  ({ dtype: tensor.type, dims: tensor.dims, data: tensor.data }) as Tensor;
