/** The entry of the engine's worker in a browser: the model is fetched or read from files, and runs on onnxruntime-web. */
import { PyramidError } from '../../errors.ts';
import type { Folder } from '../../folder.ts';
import { devices } from '../../runtime/devices.ts';
import type { Compile } from '../../runtime/runtime.ts';
import { webRuntime } from '../../runtime/web.ts';
import type { ToWorker } from '../workers/messages.ts';
import { loadModel, serveTexts } from '../workers/serve-texts.ts';
import { later } from '../workers/turn.ts';
import { filesFolder, handleFolder } from './dropped-folder.ts';
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

scope.onmessage = ({ data }) => {
  const start = data as BrowserStart;
  const early: ToWorker[] = [];
  scope.onmessage = (event) => early.push(event.data as ToWorker);
  void serveTexts(
    {
      post,
      listen(take) {
        scope.onmessage = (event) => take(event.data as ToWorker);
        early.forEach(take);
      },
      close() {
        post({ kind: 'ended' });
        scope.close();
      },
    },
    async () => {
      // both take a while, and neither needs the other
      const compile = runtimeOf(start);
      const folder = folderOf(start.source);
      compile.catch(() => {}); // told below, or after what is wrong with the model
      const lazy = new LazyPrograms(async (graph, name) => (await compile)(graph, name));
      const [model] = await Promise.all([
        loadModel(folder, start.dtype, { spec: devices[start.device], compile: lazy.compile }),
        compile,
      ]);
      void lazy.compileAll(() => new Promise((resolve) => setTimeout(resolve, PAUSE_MS)));
      return model;
    },
    'throughput',
  );
};

function folderOf(source: FolderSource): Folder {
  if (typeof source === 'string') {
    const folder = new UrlFolder(source, (progress) => post({ kind: 'fetched', progress }));
    folder.fetchAhead(['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors']);
    return folder;
  }
  return 'getFileHandle' in source ? handleFolder(source) : filesFolder(source);
}

async function runtimeOf(start: BrowserStart): Promise<Compile> {
  const { device } = start;
  if (devices[device].needsAdapter) {
    const { gpu } = scope.navigator;
    const adapter = await gpu?.requestAdapter().catch(() => null);
    if (!adapter) throw new PyramidError('MP_WEB_DEVICE', { device, reason: gpu ? 'no adapter' : 'no navigator.gpu' });
  }
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
