/**
 * The entry of a worker thread: reads the model, then takes texts, gives outcomes. ONNX Runtime blocks the thread it is
 * called on, so this one is the engine's own; tokenising happens here too.
 */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { PyramidError } from '../errors.ts';
import { readModelFolder } from '../pyramid/disk-model.ts';
import { compile } from '../runtime/node.ts';
import type { Compile } from '../runtime/runtime.ts';
import { loadTokenizer } from '../text/load-tokenizer.ts';
import { throughGate } from './exit-gate.ts';
import { type Job, newJob } from './job.ts';
import { type FromWorker, type ToWorker, toWire, type WireText, type WorkerStart } from './messages.ts';
import { Programs } from './programs.ts';
import { Scheduler } from './scheduler.ts';

/** Texts that are tokenised before the scheduler looks again at what to do. */
const ADMITTED = 256;

interface UnderWay {
  readonly job: Job;
  readonly tokenizeMs: number;
  /** When it was tokenised, by this thread's clock in milliseconds. */
  readonly tokenized: number;
}

if (isMainThread || !parentPort) throw new Error('internal: the engine worker was not started as a worker');
const port = parentPort;
const post = (message: FromWorker) => port.postMessage(message);

try {
  await serve(workerData as WorkerStart);
} catch (error) {
  post({ kind: 'unfit', error: toWire(error) });
  port.close();
}

async function serve(start: WorkerStart): Promise<void> {
  const { programs, tokenizer, ...model } = await read(start);
  const { maxLength } = model.info;
  /** Not yet tokenised, first come first. */
  let fresh: WireText[] = [];
  const jobs = new Map<number, UnderWay>();

  const scheduler = new Scheduler(model, programs, {
    admit() {
      for (const text of fresh.splice(0, ADMITTED)) {
        try {
          const start = performance.now();
          const { truncate = 'right', index } = text;
          const encoding = tokenizer.encode(text.text, text.pair, maxLength, truncate === 'left' ? 'left' : 'right');
          if (encoding.truncated && truncate === 'never') throw new PyramidError('MP_TEXT_LONG', { index, maxLength });
          const job = newJob(text.id, encoding, text, tokenizer.piece);
          const tokenized = performance.now();
          jobs.set(job.id, { job, tokenizeMs: tokenized - start, tokenized });
          scheduler.add([job]);
        } catch (error) {
          post({ kind: 'failed', ids: [text.id], error: toWire(error) });
        }
      }
      return fresh.length > 0;
    },
    done(outcomes) {
      const now = performance.now();
      const timed = outcomes.map((outcome) => {
        const { tokenizeMs = 0, tokenized = now } = jobs.get(outcome.id) ?? {};
        jobs.delete(outcome.id);
        return { ...outcome, tokenizeMs, inferenceMs: now - tokenized };
      });
      post({ kind: 'outcomes', outcomes: timed });
    },
    failed(failed, error) {
      for (const { id } of failed) jobs.delete(id);
      post({ kind: 'failed', ids: failed.map(({ id }) => id), error: toWire(error) });
    },
  });

  port.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'texts':
        fresh.push(...message.texts);
        void scheduler.wake();
        return;
      case 'cancel': {
        const ids = new Set(message.ids);
        fresh = fresh.filter(({ id }) => !ids.has(id));
        for (const id of ids) {
          const underWay = jobs.get(id);
          if (underWay) underWay.job.cancelled = true;
          jobs.delete(id);
        }
        scheduler.dropCancelled();
        return;
      }
      case 'close':
        fresh = [];
        for (const { job } of jobs.values()) job.cancelled = true;
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

/** The weights are let go of here: the compiled programs have their own. */
async function read({ dir, threads, dtype: wanted, gate }: WorkerStart) {
  const model = await readModelFolder(dir);
  const { config, info, headSettings } = model;
  const tokenizer = await loadTokenizer(dir);
  const { vocabularySize: rows } = config;
  if (tokenizer.vocabularySize > rows) {
    throw new PyramidError('MP_MODEL_VOCABULARY', { path: dir, pieces: tokenizer.vocabularySize, rows });
  }
  const dtype = wanted ?? info.dtype ?? 'fp32';
  const compileHere: Compile = async (graph, name) => {
    const program = await throughGate(gate, () => compile(graph, name, { threads }));
    return {
      run: (inputs) => throughGate(gate, () => program.run(inputs)),
      close: () => throughGate(gate, () => program.close()),
    };
  };
  const programs = await Programs.create(model, compileHere, dtype);
  return { programs, tokenizer, config, info, headSettings, dtype, weightBits: programs.weightBits };
}
