/** The engine in Node: a model folder by its path or its name on the hub, and worker threads of this process. */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { diskFolder } from '../disk-folder.ts';
import { PyramidError } from '../errors.ts';
import { type DownloadProgress, resolveModel } from '../hub/index.ts';
import { knownOptions } from '../option.ts';
import { DTYPES, type Dtype } from '../pyramid/folder/model-folder.ts';
import { NODE_DEVICES, type NodeDevice } from '../runtime/devices.ts';
import { FloorExit } from './floor-exit.ts';
import { callback, choice, count, signalOf } from './option-checks.ts';
import { RUN_ORDERS, type RunOrder } from './scheduler.ts';
import { TextClassifier } from './text-classifier.ts';
import type { ModelDescription } from './workers/messages.ts';
import { NodeThread } from './workers/node-thread.ts';
import { WorkerPool } from './workers/worker-pool.ts';

/** An option that is undefined or null counts as left out. Unknown ones are refused. */
export interface LoadOptions {
  /** Worker threads, each with its own copy of the model: 1 to 1024; default: one for each core. */
  readonly workers?: number;
  /** Threads that one worker computes with: 1 (the default, best for many texts) to 1024. */
  readonly threads?: number;
  /**
   * What products with weights are computed in: int8 is up to twice as fast, and moves a few answers. Default: what the
   * model folder says (`info.dtype`), else fp32.
   */
  readonly dtype?: Dtype;
  /** Every exit head is asked, also those that the model folder leaves out; default false. */
  readonly askAll?: boolean;
  /**
   * What goes first where texts compete: `throughput` (the default), full batches; `arrival`, what a worker let in first:
   * under load the slowest answers come sooner, at a few percent fewer texts a second.
   */
  readonly order?: RunOrder;
  /**
   * What it is computed on: `cpu`, through ONNX Runtime's native library, or `wasm`, WebAssembly, which is slower and runs
   * anywhere. Default: what MAGIC_PYRAMID_DEVICE says, else `cpu` where the library loads, else `wasm`, with a warning.
   */
  readonly device?: NodeDevice;
  /** Told of the download of a model that is named by its hub id and not in the cache. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /**
   * How long a worker thread may do nothing while something is awaited of it, in milliseconds, 1 to 2³¹ − 1; default
   * 30,000. Then it is ended and replaced, and a text that it could not get through fails with MP_TEXT_STALLED. One
   * whose text has a deadline that has passed is given 5,000 ms at most; loading may take 20 times as long in all.
   */
  readonly stallMs?: number;
  /** Gives up loading: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const STALL_MS = 30_000;
const LOAD_OPTIONS = [
  'workers',
  'threads',
  'dtype',
  'askAll',
  'order',
  'device',
  'onProgress',
  'stallMs',
  'signal',
] as const satisfies readonly (keyof LoadOptions)[];

const warn = (message: string) => process.emitWarning(message, { type: 'PyramidWarning' });

/** It is the same for all models of a process. */
let warnedOfDevice = false;
function warnOfDevice(note: string | null): void {
  if (note === null || warnedOfDevice) return;
  warnedOfDevice = true;
  warn(note);
}

/** A trained model in Node, ready to classify texts in worker threads. */
export class Pyramid extends TextClassifier {
  readonly #pool: WorkerPool<NodeThread>;

  private constructor(pool: WorkerPool<NodeThread>, model: ModelDescription, floorExit: FloorExit | null) {
    super(pool, model, { warn }, floorExit);
    warnOfDevice(model.device?.note ?? null);
    this.#pool = pool;
  }

  /**
   * Loads a model folder, as `magic-pyramid train` writes it (or a BERT classifier fine-tuned elsewhere, which then runs
   * without pruning and exits), by its path or its name on the Hugging Face hub (`org/name`, `org/name@revision`).
   *
   * Throws MP_OPTION_UNKNOWN, MP_OPTION_VALUE, MP_FILE_MISSING, MP_MODEL_*, MP_HUB_*, MP_RUNTIME, MP_WORKER_LOST,
   * MP_SYSTEM_LIMIT, and the signal's reason.
   *
   * @example
   * const pyramid = await Pyramid.load('runs/mails');
   * const { label, score, exit } = await pyramid.classify('You have won', { tau: 0.2 });
   * await pyramid.close();
   */
  static async load(dirOrId: string, options?: LoadOptions): Promise<Pyramid> {
    if (typeof dirOrId !== 'string' || dirOrId === '')
      throw new PyramidError('MP_OPTION_VALUE', {
        option: 'the model',
        value: String(dirOrId),
        expected: "a model folder, or a model's name on the Hugging Face hub",
      });
    const given = knownOptions(options, LOAD_OPTIONS);
    const dtype = given.dtype ?? null;
    if (dtype !== null) choice('dtype', dtype, DTYPES);
    const order = given.order ?? 'throughput';
    choice('order', order, RUN_ORDERS);
    const device = given.device ?? null;
    if (device !== null) choice('device', device, NODE_DEVICES);
    const askAll = given.askAll ?? false;
    choice('askAll', askAll, [true, false]);
    const workers = count('workers', given.workers ?? availableParallelism());
    const threads = count('threads', given.threads ?? 1);
    const stallMs = count('stallMs', given.stallMs ?? STALL_MS, 2 ** 31 - 1);
    const signal = signalOf(given.signal);
    signal?.throwIfAborted();
    const dir = await resolveModel(dirOrId, { onProgress: callback('onProgress', given.onProgress) });
    // beside the workers, which tell what is wrong with a folder
    const floor = FloorExit.of(diskFolder(dir));
    floor.catch(() => {});
    const { pool, model } = await WorkerPool.start({
      workers,
      stallMs,
      path: dir,
      signal,
      mayPass: (error) => error instanceof PyramidError && error.code === 'MP_SYSTEM_LIMIT',
      startThread: (events) => new NodeThread({ dir, device, threads, dtype, askAll, order }, events),
    });
    try {
      return new Pyramid(pool, model, await floor);
    } catch (error) {
      await pool.close(0);
      throw error;
    }
  }

  /** The threads, for those who watch or end them. */
  get workers(): readonly Worker[] {
    return this.#pool.threads.map(({ worker }) => worker);
  }
}
