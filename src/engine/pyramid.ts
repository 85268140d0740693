/** The engine in Node: a model folder by its path or its name on the hub, and worker threads of this process. */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { type DownloadProgress, resolveModel } from '../hub/index.ts';
import { DTYPES, type Dtype } from '../pyramid/model-folder.ts';
import { Classifier } from './classifier.ts';
import { Crew } from './crew.ts';
import type { ModelDescription } from './messages.ts';
import { NodeThread } from './node-thread.ts';
import { choice, count } from './option-checks.ts';
import { RUN_ORDERS, type RunOrder } from './scheduler.ts';

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
  /** Where it is computed: there is only `cpu` (the default) so far. */
  readonly device?: 'cpu';
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

export class Pyramid extends Classifier {
  readonly #crew: Crew<NodeThread>;

  private constructor(crew: Crew<NodeThread>, model: ModelDescription) {
    super(crew, model, {
      warn: (message) => process.emitWarning(message, { type: 'PyramidWarning' }),
    });
    this.#crew = crew;
  }

  /**
   * Loads a model folder, as `magic-pyramid train` writes it (or a BERT classifier fine-tuned elsewhere, which then runs
   * without pruning and exits), by its path or its name on the Hugging Face hub (`org/name`, `org/name@revision`).
   *
   * Throws MP_OPTION_VALUE, MP_FILE_MISSING, MP_MODEL_*, MP_HUB_*, MP_WORKER_LOST, and the signal's reason.
   *
   * @example
   * const pyramid = await Pyramid.load('runs/mails');
   * const { label, score, exit } = await pyramid.classify('You have won', { tau: 0.2 });
   * await pyramid.close();
   */
  static async load(
    dirOrId: string,
    {
      workers,
      threads,
      dtype,
      askAll = false,
      order = 'throughput',
      device,
      onProgress,
      stallMs,
      signal,
    }: LoadOptions = {},
  ): Promise<Pyramid> {
    if (dtype !== undefined) choice('dtype', dtype, DTYPES);
    choice('order', order, RUN_ORDERS);
    if (device !== undefined) choice('device', device, ['cpu']);
    const counts = {
      workers: count('workers', workers ?? availableParallelism()),
      threads: count('threads', threads ?? 1),
      stallMs: count('stallMs', stallMs ?? STALL_MS, 2 ** 31 - 1),
    };
    const dir = await resolveModel(dirOrId, { onProgress });
    const { crew, model } = await Crew.start({
      workers: counts.workers,
      stallMs: counts.stallMs,
      path: dir,
      signal,
      hire: (events) => new NodeThread({ dir, threads: counts.threads, dtype: dtype ?? null, askAll, order }, events),
    });
    return new Pyramid(crew, model);
  }

  /** The threads, for those who watch or end them. */
  get workers(): readonly Worker[] {
    return this.#crew.threads.map(({ worker }) => worker);
  }
}
