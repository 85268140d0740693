/**
 * What a worker thread does, of whatever kind it is: it takes texts, gives outcomes. ONNX Runtime blocks the thread it
 * is called on, so this one is the engine's own; tokenising happens here too.
 */
import type { Folder } from '../../folder.ts';
import { type Dtype, modelOf } from '../../pyramid/folder/model-folder.ts';
import type { DeviceSpec } from '../../runtime/devices.ts';
import type { Compile } from '../../runtime/runtime.ts';
import { sentError } from '../../sent-error.ts';
import { type Tokenizer, tokenizerOf } from '../../text/tokenizer/tokenizer.ts';
import { describeModel } from '../describe-model.ts';
import type { FloorExit } from '../floor-exit.ts';
import type { Job, Outcome } from '../job.ts';
import { PieceCosts } from '../piece-costs.ts';
import { Programs } from '../programs.ts';
import { type RunOrder, Scheduler } from '../scheduler.ts';
import { takeIn } from '../take-in.ts';
import { joinedOutcome } from '../windows.ts';
import type { FromWorker, ModelDescription, TimedOutcome, ToWorker, WireText } from './messages.ts';

/** Texts that are tokenised before the scheduler looks again at what to do. */
const ADMITTED = 256;

/** The worker's side of the line to the worker pool. */
export interface Port {
  post(message: FromWorker): void;
  listen(take: (message: ToWorker) => void): void;
  /** Told of each text before it is tokenised, and with null when it is: the one that a worker hangs on can be named. */
  reads?(textId: number | null): void;
  /** Ends the worker. */
  close(): void;
}

export interface LoadedModel extends ModelDescription {
  readonly programs: Programs;
  readonly tokenizer: Tokenizer;
  /** Null: the model has no floor 0. */
  readonly floorExit: FloorExit | null;
}

interface UnderWay {
  /** One for each window. */
  readonly jobs: readonly Job[];
  /** Of the windows that have one. */
  readonly outcomes: Outcome[];
  readonly tokenizeMs: number;
  /** When it was tokenised, by this thread's clock in milliseconds. */
  readonly tokenized: number;
}

/** Says `ready`, or `unfit` when `load` throws; then serves until it is told to close. */
export async function serveTexts(port: Port, load: () => Promise<LoadedModel>, order: RunOrder): Promise<void> {
  try {
    serve(port, await load(), order);
  } catch (error) {
    port.post({ kind: 'unfit', error: sentError(error) });
    port.close();
  }
}

function serve(port: Port, loaded: LoadedModel, order: RunOrder): void {
  const { programs, tokenizer: _, floorExit: __, ...model } = loaded;
  const post = (message: FromWorker) => port.post(message);
  /** Not yet tokenised, first come first. */
  let fresh: WireText[] = [];
  const jobs = new Map<number, UnderWay>();
  const costs = new PieceCosts();

  const giveUp = (id: number): void => {
    for (const job of jobs.get(id)?.jobs ?? []) job.cancelled = true;
    jobs.delete(id);
  };

  /** Takes in what was next; texts that leave at floor 0 are answered together. */
  const takeInAll = (texts: readonly WireText[]): void => {
    const jobsIn: Job[] = [];
    const answered: TimedOutcome[] = [];
    let asked = 0;
    let floorMs = 0;
    for (const text of texts) {
      try {
        const start = performance.now();
        port.reads?.(text.id);
        const taken = takeIn(loaded, text.id, text, text, text.index);
        const tokenized = performance.now();
        const ms = taken.floorMs ?? 0;
        if (taken.floorMs !== null) {
          asked++;
          floorMs += ms;
        }
        const tokenizeMs = tokenized - start - ms;
        if (taken.outcome) answered.push({ ...taken.outcome, tokenizeMs, inferenceMs: ms });
        if (taken.jobs.length === 0) continue;
        jobs.set(text.id, { jobs: taken.jobs, outcomes: [], tokenizeMs, tokenized: tokenized - ms });
        for (const job of taken.jobs) jobsIn.push(job);
      } catch (error) {
        post({ kind: 'failed', ids: [text.id], error: sentError(error) });
      }
    }
    port.reads?.(null);
    if (asked > 0) costs.add({ kind: 'floor', layer: 0, batches: 1, texts: asked, ms: floorMs });
    if (answered.length > 0) post({ kind: 'outcomes', outcomes: answered });
    scheduler.add(jobsIn);
  };

  const scheduler = new Scheduler(
    model,
    programs,
    {
      admit() {
        takeInAll(fresh.splice(0, ADMITTED));
        return fresh.length > 0;
      },
      done(outcomes) {
        const now = performance.now();
        const timed: TimedOutcome[] = [];
        for (const one of outcomes) {
          const underWay = jobs.get(one.id);
          const outcome = underWay ? wholeOutcome(underWay, one) : one;
          if (!outcome) continue; // of other windows of the text there is none yet
          const { tokenizeMs = 0, tokenized = now } = underWay ?? {};
          jobs.delete(one.id);
          timed.push({ ...outcome, tokenizeMs, inferenceMs: now - tokenized });
        }
        if (timed.length > 0) post({ kind: 'outcomes', outcomes: timed });
      },
      onPassed: (kind, layer, texts, ms) => costs.add({ kind, layer, batches: 1, texts, ms }),
      failed(failed, error) {
        const ids = [...new Set(failed.map(({ id }) => id))];
        for (const id of ids) giveUp(id); // its other windows are of no use
        scheduler.dropCancelled();
        post({ kind: 'failed', ids, error: sentError(error) });
      },
    },
    order,
  );

  port.listen((message) => {
    switch (message.kind) {
      case 'texts':
        fresh.push(...message.texts);
        void scheduler.wake();
        return;
      case 'cancel': {
        const ids = new Set(message.ids);
        fresh = fresh.filter(({ id }) => !ids.has(id));
        for (const id of ids) giveUp(id);
        scheduler.dropCancelled();
        post({ kind: 'cancelled' });
        return;
      }
      case 'stats':
        post({ kind: 'stats', pieces: costs.pieces, levels: [fresh.length, ...scheduler.levels] });
        return;
      case 'close':
        fresh = [];
        for (const id of [...jobs.keys()]) giveUp(id);
        scheduler.dropCancelled();
        void scheduler
          .wake()
          .then(() => programs.close())
          .finally(() => port.close());
        return;
      default:
        message satisfies never;
    }
  });
  post({ kind: 'ready', model });
}

/** The outcome of a text, once all its windows have theirs; null before. */
function wholeOutcome({ jobs, outcomes }: UnderWay, one: Outcome): Outcome | null {
  if (jobs.length === 1) return one;
  outcomes.push(one);
  return outcomes.length < jobs.length ? null : joinedOutcome(outcomes);
}

/** What a model runs on, and how its graphs become programs there. */
export interface ModelDevice {
  readonly spec: Pick<DeviceSpec, 'int8' | 'summary'>;
  readonly compile: Compile;
}

/**
 * Reads the model and compiles it; `dtype` null: what the folder prefers; `askAll`: every exit head is asked, whatever
 * the folder says. The weights are let go of here: the compiled
 * programs have their own. Throws MP_FILE_MISSING, MP_MODEL_*, and MP_OPTION_VALUE for int8 on a device without it.
 */
export async function loadModel(
  folder: Folder,
  dtype: Dtype | null,
  { spec, compile }: ModelDevice,
  askAll = false,
): Promise<LoadedModel> {
  const reading = tokenizerOf(folder);
  reading.catch(() => {}); // told after what is wrong with the model
  const stored = await modelOf(folder);
  const tokenizer = await reading;
  const model = askAll ? { ...stored, info: { ...stored.info, asked: undefined } } : stored;
  const described = describeModel(model, tokenizer, dtype, spec, folder.path);
  const programs = await Programs.create(model, compile, described.dtype);
  return { programs, tokenizer, ...described, weightBits: programs.weightBits };
}
