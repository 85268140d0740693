/**
 * Runs graphs on onnxruntime-web, in a browser and (node-wasm.ts) in Node. Its two files (glue and WebAssembly)
 * are loaded from the addresses that the caller gives, so that a page needs no other origin.
 */
import type { Env, InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web';
import { Graph, toOnnx, verify } from '../graph/index.ts';
import { outputName } from '../graph/onnx.ts';
import { letGo } from '../let-go.ts';
import { type BrowserDevice, devices } from './devices.ts';
import type { Compile, Program, Tensor } from './runtime.ts';

export interface WebRuntimeOptions {
  readonly device: BrowserDevice;
  /** Addresses of the glue and the WebAssembly of the device's build of onnxruntime-web. */
  readonly files: { readonly mjs: string; readonly wasm: string };
  /** Threads of a run; above 1 only where SharedArrayBuffer is there. */
  readonly threads: number;
}

/** What a build of onnxruntime-web exports. */
export interface OrtWeb {
  readonly env: Env;
  readonly InferenceSession: typeof InferenceSession;
  readonly Tensor: typeof OrtTensor;
}

/** The builds of onnxruntime-web; a page loads the one that it needs. */
const builds: { readonly [D in BrowserDevice]: () => Promise<OrtWeb> } = {
  wasm: () => import('onnxruntime-web/wasm'),
  webgpu: () => import('onnxruntime-web/webgpu'),
};

/**
 * Starts the runtime; all programs share it. Runs take turns: on WebGPU two at a time crash, and WebAssembly has one
 * memory.
 */
export const webRuntime = async (options: WebRuntimeOptions): Promise<Compile> =>
  startRuntime(await builds[options.device](), options);

/** As `webRuntime`, of a build that is loaded already. */
export async function startRuntime(ort: OrtWeb, { device, files, threads }: WebRuntimeOptions): Promise<Compile> {
  ort.env.wasm.wasmPaths = { ...files };
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.proxy = false; // the engine has a worker of its own
  ort.env.logLevel = 'fatal'; // what goes wrong is thrown; the log would say it a second time
  const turns = new Turns();
  const { provider } = devices[device];
  const compile: Compile = (graph, name) => compileIn(ort, provider, turns, graph, name);
  // the first program loads and starts the WebAssembly, which takes far longer than compiling: not to wait for a model
  await (await compile(smallest(), 'start')).close();
  return compile;
}

/** Apart from what runs it: closures of one function hold on to all that any of them uses, here a graph with its weights. */
function sessionOf(ort: OrtWeb, provider: string, turns: Turns, graph: Graph, name: string) {
  const problems = verify(graph);
  if (problems.length > 0) throw new Error(`internal: graph ${name}: ${problems.join('; ')}`);
  return turns.take(async () => {
    const bytes = toOnnx(graph, name);
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: [provider],
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      enableMemPattern: false,
      enableCpuMemArena: true,
      logSeverityLevel: 4,
    });
    letGo(bytes);
    return session;
  });
}

async function compileIn(ort: OrtWeb, provider: string, turns: Turns, graph: Graph, name: string) {
  const session = await sessionOf(ort, provider, turns, graph, name);
  const toOrt = ({ dtype, dims, data }: Tensor): OrtTensor =>
    new ort.Tensor(dtype, data as OrtTensor.DataType, dims) as OrtTensor;
  const inputs = graph.inputs.map((input) => input.name);
  const outputs = graph.outputs.map((output) => output.name);
  const program: Program = {
    async run(values, into = {}) {
      const feeds: Record<string, OrtTensor> = {};
      for (const input of inputs) {
        const tensor = values[input];
        if (!tensor) throw new Error(`internal: graph ${name} was run without its input ${input}`);
        feeds[input] = toOrt(tensor);
      }
      const results = await turns.take(() => session.run(feeds));
      const given = (output: string) => fromOrt(results[outputName(output)]);
      return Object.fromEntries(
        outputs.map((output) => [output, into[output] ? copied(given(output), into[output]) : given(output)]),
      );
    },
    close: () => turns.take(() => session.release()),
  };
  return program;
}

const fromOrt = (tensor: OrtTensor): Tensor =>
  ({ dtype: tensor.type, dims: tensor.dims, data: tensor.data }) as unknown as Tensor;

/** WebAssembly has a memory of its own: what the caller wants elsewhere is copied there. */
function copied(from: Tensor, into: Tensor): Tensor {
  if (from.dtype !== into.dtype || from.dims.join() !== into.dims.join())
    throw new Error(`internal: memory for ${into.dtype} [${into.dims}] was given for ${from.dtype} [${from.dims}]`);
  (into.data as Uint8Array).set(from.data as Uint8Array);
  return into;
}

function smallest(): Graph {
  const g = new Graph();
  g.output('y', g.add(g.input('x', 'float32', ['N']), g.scalar(1)));
  return g;
}

/** One piece of work at a time, in the order in which they were asked for. */
class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}
