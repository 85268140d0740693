/** The engine in a browser: a model folder by its address or its files, and one worker of the page. */
import type { Dtype } from '../../pyramid/folder/model-folder.ts';
import { BROWSER_DEVICES, type BrowserDevice } from '../../runtime/devices.ts';
import type { WebRuntimeOptions } from '../../runtime/web.ts';
import { choice } from '../option-checks.ts';
import { TextClassifier } from '../text-classifier.ts';
import type { ModelDescription } from '../workers/messages.ts';
import { WorkerPool } from '../workers/worker-pool.ts';
import { BrowserThread } from './browser-thread.ts';
import type { FolderSource } from './messages.ts';
import type { Fetched } from './url-folder.ts';

export interface BrowserLoadOptions {
  /** A row of the table of devices that runs in a browser. */
  readonly device: BrowserDevice;
  /** Threads of the computation; above 1 only in a page that is isolated from other origins. */
  readonly threads: number;
  /** Null: what the model folder prefers. */
  readonly dtype: Dtype | null;
  readonly onFetched: (progress: Fetched) => void;
  readonly signal?: AbortSignal;
}

/**
 * onnxruntime-web's files for each device. A bundler finds them in that package; without one they stand in a folder of
 * its name beside this file.
 */
const RUNTIME_FILES: { readonly [D in BrowserDevice]: WebRuntimeOptions['files'] } = {
  wasm: {
    mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.mjs', import.meta.url).href,
    wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.wasm', import.meta.url).href,
  },
  webgpu: {
    mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs', import.meta.url).href,
    wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url).href,
  },
};

export class BrowserPyramid extends TextClassifier {
  /** What the model folder says of itself, and of its network. */
  readonly description: ModelDescription;
  /**
   * Resolves when all of the model is there; rejects with what keeps the network from coming. Until then a model with a floor
   * 0 answers the texts that leave there, and others wait.
   */
  readonly ready: Promise<void>;

  private constructor(pool: WorkerPool<BrowserThread>, model: ModelDescription, ready: Promise<void>) {
    super(pool, model, { warn: (message) => console.warn(`magic-pyramid: ${message}`) });
    this.description = model;
    this.ready = ready;
  }

  /**
   * Resolves when texts can be answered: as soon as floor 0 can answer where the model has one, else when all of it is
   * there. `onFetched` goes on being told. Throws MP_OPTION_VALUE, MP_FILE_MISSING, MP_MODEL_*, MP_WEB_*, and the signal's reason.
   */
  static async load(
    source: FolderSource,
    { device, threads, dtype, onFetched, signal }: BrowserLoadOptions,
  ): Promise<BrowserPyramid> {
    choice('device', device, BROWSER_DEVICES);
    signal?.throwIfAborted();
    const start = { source, device, threads, dtype, files: RUNTIME_FILES[device] };
    const started: BrowserThread[] = [];
    let onNetwork: (error: unknown) => void = () => {};
    const ready = new Promise<void>((resolve, reject) => {
      onNetwork = (error) => (error === null ? resolve() : reject(error));
    });
    ready.catch(() => {}); // calls that wait for the network are told too
    const giveUp = () => {
      for (const thread of started) thread.end(signal?.reason);
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      const { pool, model } = await WorkerPool.start({
        workers: 1,
        path: typeof source === 'string' ? source : 'the model',
        stallMs: Number.POSITIVE_INFINITY, // whoever waits for a page can close it
        startThread(events) {
          const thread = new BrowserThread(start, { ...events, onFetched, onNetwork });
          started.push(thread);
          return thread;
        },
      });
      return new BrowserPyramid(pool, model, ready);
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }
}
