/** The thread that reads parquet files, one after another, for parquet-thread.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { boundArrays } from './bounded-arrays.ts';
import { openParquetFile, type ParquetFile, type Slice } from './parquet-file.ts';
import { type FromParquet, type ParquetStart, STEPS, type ToParquet, WAITS } from './parquet-messages.ts';

boundArrays();

const port = parentPort!;
const state = new Int32Array((workerData as ParquetStart).state);
const onStep = (waits: boolean) => {
  Atomics.store(state, WAITS, waits ? 1 : 0);
  Atomics.add(state, STEPS, 1);
};

let file: ParquetFile | null = null;
let slices: AsyncGenerator<Slice> | null = null;

// a column that fails while another one is still being read: the first error is the one that is told
process.on('unhandledRejection', () => {});

async function answer(message: ToParquet): Promise<FromParquet> {
  switch (message.kind) {
    case 'open': {
      file = await openParquetFile(message.path, onStep);
      return { kind: 'opened', columns: file.columns, huggingface: file.huggingface, groups: file.groups };
    }
    case 'columns':
      slices = file!.slices(message.wanted, message.groups);
      return answer({ kind: 'next' });
    case 'next': {
      const next = await slices!.next();
      if (!next.done) return { kind: 'slice', slice: next.value };
      await close();
      return { kind: 'end' };
    }
    case 'close':
      await close();
      return { kind: 'end' };
    default:
      return message satisfies never;
  }
}

async function close(): Promise<void> {
  const open = file;
  file = null;
  slices = null;
  await open?.close();
}

async function work(message: ToParquet): Promise<void> {
  onStep(false);
  let said: FromParquet;
  try {
    said = await answer(message);
  } catch (error) {
    await close().catch(() => {});
    const { message: problem, code, syscall } = error as NodeJS.ErrnoException;
    said = { kind: 'failed', problem, code: syscall ? (code ?? null) : null };
  }
  onStep(true);
  port.postMessage(said);
}

// in order, however fast they come
let last = Promise.resolve();
port.on('message', (message: ToParquet) => {
  last = last.then(() => work(message));
});
