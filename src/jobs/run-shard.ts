/**
 * One shard from its rows to its answers on disk. A row that cannot be read, or that the model cannot get through, goes to the
 * file of rejects with the reason; all else that fails fails the shard. Knows nothing of queues.
 */
import type { Answer, ClassifyOptions, Pyramid, TextInput } from '../engine/index.ts';
import { type ErrorCode, PyramidError } from '../errors.ts';
import { type RowProblem, streamRows, type TextRow } from '../text/index.ts';
import { checkDigest } from './digest.ts';
import type { Manifest } from './manifest.ts';
import { type ShardRecord, writeShard } from './shard-output.ts';

/** The engine's `Pyramid`, as far as it is used here. */
export type Model = Pick<Pyramid, 'stream' | 'classify'>;

export interface ShardRun {
  readonly out: string;
  readonly manifest: Manifest;
  readonly model: Model;
  /** Gives up: nothing of the shard stays. */
  readonly signal: AbortSignal;
  /** Told of each row that is done. */
  readonly onRow?: () => void;
}

/** Of a text, not of the model or the machine. */
const ROW_FAULTS: readonly ErrorCode[] = ['MP_TEXT_STALLED', 'MP_WORKER_LOST', 'MP_TEXT_LONG', 'MP_TEXT_TYPE'];
const isRowFault = (error: unknown): error is PyramidError =>
  // workers that cannot even start say why: that is the machine's fault
  error instanceof PyramidError && ROW_FAULTS.includes(error.code) && error.cause === undefined;

/**
 * Does the shard of number `at`.
 * Throws MP_DATA_FILE where its file was changed since it was submitted, MP_FILE_MISSING, MP_WRITE, MP_MODEL_*, and the signal's
 * reason.
 */
export async function runShard(at: number, run: ShardRun): Promise<ShardRecord> {
  const { out, manifest, model, signal, onRow } = run;
  const shard = manifest.shards[at];
  const file = manifest.files[shard.file];
  await checkDigest(file, shard);
  const { tau, topK } = manifest;
  const options: ClassifyOptions = { tau: tau === null ? undefined : tau === 'off' ? null : tau, topK, signal };
  return writeShard(out, shard, async (writer) => {
    const part = shard.part ?? undefined;
    const problems: RowProblem[] = [];
    const onProblem = (problem: RowProblem) => problems.push(problem);
    const rows = new Rows(streamRows(file.path, { ...file.read, ...(part && { part }), wholeRows: true, onProblem }));
    /** Rows are read ahead of their answers: those before `line` alone, so that the order is the same each time. */
    const rejectUnread = async (line = Infinity) => {
      while (problems.length > 0 && problems[0].line < line) await writeReject(problems.shift()!);
    };
    const writeReject = async ({ line, problem }: Pick<RowProblem, 'line' | 'problem'>) => {
      await writer.reject({ file: file.name, line, problem });
      onRow?.();
    };
    const reject = async (row: TextRow, problem: string) => {
      await rejectUnread(row.line);
      await writeReject({ line: row.line, problem });
    };
    const answered = async (row: TextRow, answer: Answer) => {
      await rejectUnread(row.line);
      await writer.answer({ file: file.name, line: row.line, ...answer, row: row.row });
      onRow?.();
    };
    try {
      while (await answerAll(rows, model, options, answered, reject)) signal.throwIfAborted();
      await rejectUnread();
      rows.throwIfBroken();
    } finally {
      await rows.close();
    }
  });
}

/** Answers rows until one fails by its own fault: it is then tried alone, and rejected if it fails again. Whether there are more. */
async function answerAll(
  rows: Rows,
  model: Model,
  options: ClassifyOptions,
  answered: (row: TextRow, answer: Answer) => Promise<void>,
  reject: (row: TextRow, problem: string) => Promise<void>,
): Promise<boolean> {
  try {
    for await (const answer of model.stream(rows.texts(), options)) await answered(rows.shift(), answer);
    return false;
  } catch (error) {
    if (!isRowFault(error) || rows.isEmpty) throw error;
  }
  // a worker that is lost takes other texts of its batch with it
  const row = rows.shift();
  try {
    await answered(row, await model.classify(inputOf(row), options));
  } catch (error) {
    if (!isRowFault(error)) throw error;
    await reject(row, error.message);
  }
  return true;
}

const inputOf = ({ text, pair }: TextRow): TextInput => (pair === undefined ? text : { text, pair });

/** Rows that were read and are not yet answered, so that reading goes on where a stream of answers ended. */
class Rows {
  readonly #source: AsyncGenerator<TextRow>;
  readonly #waiting: TextRow[] = [];
  #pulling: Promise<boolean> | null = null;
  #fault: { readonly error: unknown } | null = null;
  #begun = 0; // counts the streams: an earlier one must take no more
  #given = 0; // of those that wait, to the stream

  constructor(source: AsyncGenerator<TextRow>) {
    this.#source = source;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** The first one that waits. */
  shift(): TextRow {
    this.#given--;
    return this.#waiting.shift()!;
  }

  /** All that wait, then what comes. */
  async *texts(): AsyncGenerator<TextInput> {
    const mine = ++this.#begun;
    this.#given = 0;
    while (mine === this.#begun) {
      if (this.#given < this.#waiting.length) yield inputOf(this.#waiting[this.#given++]);
      else if (!(await this.#pull())) return;
    }
  }

  /** One more row, once however many ask; false: there is none. */
  #pull(): Promise<boolean> {
    this.#pulling ??= this.#source.next().then(
      (next) => {
        this.#pulling = null;
        if (!next.done) this.#waiting.push(next.value);
        return !next.done;
      },
      (error) => {
        this.#pulling = null;
        this.#fault = { error };
        throw error;
      },
    );
    return this.#pulling;
  }

  /** What reading failed by: a stream of answers that had ended already has not passed it on. */
  throwIfBroken(): void {
    if (this.#fault) throw this.#fault.error;
  }

  async close(): Promise<void> {
    await this.#source.return(undefined);
  }
}
