/**
 * The entry of the engine's worker in a browser: the model is fetched or read from files, and runs on onnxruntime-web.
 * Where it has a floor 0, that and the tokenizer come first and answer what they can; the runtime and the network's weights
 * come after, and neither where there is no network.
 */
import { hasNetwork } from '../../encoder/index.ts';
import { PyramidError } from '../../errors.ts';
import { type Folder, jsonObjectIn, readText } from '../../folder.ts';
import { FLOOR_FILE, floorOf, outlineOf } from '../../pyramid/folder/model-folder.ts';
import { devices } from '../../runtime/devices.ts';
import type { Compile } from '../../runtime/runtime.ts';
import { webRuntime } from '../../runtime/web.ts';
import { sentError } from '../../sent-error.ts';
import { tokenizerOf } from '../../text/tokenizer/tokenizer.ts';
import { describeModel } from '../describe-model.ts';
import type { FromWorker, ToWorker } from '../workers/messages.ts';
import { type LoadedModel, loadModel, type Port, serveTexts } from '../workers/serve-texts.ts';
import { later } from '../workers/turn.ts';
import { filesFolder, handleFolder } from './dropped-folder.ts';
import { FloorFirst } from './floor-first.ts';
import { LazyPrograms } from './lazy-programs.ts';
import type { BrowserStart, FolderSource, FromBrowserWorker } from './messages.ts';
import { UrlFolder } from './url-folder.ts';

interface Scope {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
  readonly navigator: { readonly gpu?: { requestAdapter(): Promise<object | null> } };
}
const scope = globalThis as unknown as Scope;
const post = (message: FromBrowserWorker) => scope.postMessage(message);

/** Milliseconds of computing after which the worker looks whether there is a message. */
const LOOK_UP_MS = 10;
/** Between pieces that are compiled before anybody needs them: room for texts that come in. */
const PAUSE_MS = 30;
/** Bits of int8 weights: WebAssembly's whole products hold all of them on any machine. */
const WEIGHT_BITS = 8;

scope.onmessage = ({ data }) => {
  const start = data as BrowserStart;
  const early: ToWorker[] = [];
  scope.onmessage = (event) => early.push(event.data as ToWorker);
  void begin(start, {
    post,
    listen(take) {
      scope.onmessage = (event) => take(event.data as ToWorker);
      early.forEach(take);
    },
    close() {
      post({ kind: 'ended' });
      scope.close();
    },
  });
};

async function begin(start: BrowserStart, port: Port): Promise<void> {
  const folder = folderOf(start.source);
  if (!(await hasFloor(folder))) {
    fetchAhead(folder, ['model.safetensors']);
    const told = (message: FromWorker) => {
      port.post(message);
      if (message.kind === 'ready') post({ kind: 'network', error: null });
    };
    return serveTexts({ ...port, post: told }, () => load(folder, start), 'throughput');
  }
  let first: FloorFirst;
  try {
    fetchAhead(folder, [FLOOR_FILE]);
    const outline = await outlineOf(folder);
    const { config, info } = outline;
    const [tokenizer, floor] = await Promise.all([tokenizerOf(folder), floorOf(folder, info.floor!)]);
    const spec = devices[start.device];
    const { floorExit, ...model } = describeModel({ ...outline, floor }, tokenizer, start.dtype, spec, folder.path);
    if (hasNetwork(config)) await needAdapter(start);
    first = new FloorFirst(floorExit!, port);
    port.post({ kind: 'ready', model: { ...model, weightBits: model.dtype === 'int8' ? WEIGHT_BITS : null } });
    port.listen((message) => first.take(message));
    if (!hasNetwork(config)) return post({ kind: 'network', error: null });
  } catch (error) {
    port.post({ kind: 'unfit', error: sentError(error) });
    return port.close();
  }
  let isFit = true;
  await serveTexts(
    {
      // the pool knows the model already, and goes on where the network does not come
      post(message) {
        if (message.kind === 'ready') post({ kind: 'network', error: null });
        else if (message.kind === 'unfit') {
          isFit = false;
          first.fail(message.error);
          post({ kind: 'network', error: message.error });
        } else port.post(message);
      },
      listen: (take) => first.handOver(take),
      close() {
        if (isFit) port.close();
      },
    },
    () => load(folder, start),
    'throughput',
  );
}

/** Whether config.json names a floor 0. What is wrong with the file is told by whoever reads all of it. */
async function hasFloor(folder: Folder): Promise<boolean> {
  try {
    const text = await readText(folder, 'config.json');
    const { pyramid } = jsonObjectIn(text ?? '{}', (problem) => new Error(problem));
    return ((pyramid ?? {}) as { readonly floor?: unknown }).floor !== undefined;
  } catch {
    return false;
  }
}

/** The model with its network, on the runtime: both take a while, and neither needs the other. */
async function load(folder: Folder, start: BrowserStart): Promise<LoadedModel> {
  const compile = runtimeOf(start);
  compile.catch(() => {}); // told below, or after what is wrong with the model
  const lazy = new LazyPrograms(async (graph, name) => (await compile)(graph, name));
  const [model] = await Promise.all([
    loadModel(folder, start.dtype, { spec: devices[start.device], compile: lazy.compile }),
    compile,
  ]);
  void lazy
    .compileAll(() => new Promise((resolve) => setTimeout(resolve, PAUSE_MS)))
    .then(() => model.programs.letGoOfWeights());
  return model;
}

function folderOf(source: FolderSource): Folder {
  if (typeof source !== 'string') return 'getFileHandle' in source ? handleFolder(source) : filesFolder(source);
  const folder = new UrlFolder(source, (progress) => post({ kind: 'fetched', progress }));
  folder.fetchAhead(['config.json', 'tokenizer.json', 'tokenizer_config.json']);
  return folder;
}

/** Files are at hand where they were dropped. */
function fetchAhead(folder: Folder, names: readonly string[]): void {
  if (folder instanceof UrlFolder) folder.fetchAhead(names);
}

/** Throws MP_WEB_DEVICE. */
async function needAdapter({ device }: BrowserStart): Promise<void> {
  if (!devices[device].needsAdapter) return;
  const { gpu } = scope.navigator;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter) throw new PyramidError('MP_WEB_DEVICE', { device, reason: gpu ? 'no adapter' : 'no navigator.gpu' });
}

async function runtimeOf(start: BrowserStart): Promise<Compile> {
  await needAdapter(start);
  let compile: Compile;
  try {
    compile = await webRuntime(start);
  } catch (cause) {
    throw new PyramidError('MP_WEB_RUNTIME', { reason: (cause as Error).message }, { cause });
  }
  let began = performance.now();
  return async (graph, name) => {
    const program = await compile(graph, name);
    return {
      // WebAssembly computes within one turn of the event loop: messages would wait until there is nothing to do
      async run(inputs, into) {
        if (performance.now() - began > LOOK_UP_MS) {
          await new Promise<void>((resolve) => later(resolve));
          began = performance.now();
        }
        return program.run(inputs, into);
      },
      close: () => program.close(),
    };
  };
}
