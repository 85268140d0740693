/** The services of the house itself. Each part is loaded when it is first used: ONNX Runtime takes a while to load. */
import { fileURLToPath } from 'node:url';
import { PyramidError } from '../errors.ts';
import type { Dtype } from '../pyramid/folder/model-folder.ts';
import type { Dataset } from '../text/example.ts';
import type { TextRow } from '../text/index.ts';
import type { OnTrainEvent } from '../train/events.ts';
import type { RowSource, Services, UnlabelledSource } from './services.ts';

export const realServices: Services = {
  async train(options, onEvent, signal) {
    const { runTraining } = await import('../train/train.ts');
    const { measureClock } = await import('../measure/clock.ts');
    return runTraining(options, await device(), onEvent, signal, measureClock);
  },
  reproduce: async (options, onEvent) =>
    (await import('../experiment/reproduce/reproduce.ts')).reproduce(options, onEvent),
  sweep: async (options, onEvent) => (await import('../experiment/sweep/sweep.ts')).sweep(options, onEvent),
  validationRows: async (dir, onEvent) =>
    (await import('../train/start/validation-rows.ts')).validationRows(dir, onEvent),
  freshRows: async (...call) => (await import('../train/start/fresh-rows.ts')).freshRows(...call),
  answers,
  labelColumn: async (file, dir) =>
    (await import('../text/read-labels.ts')).readLabels(file, await realServices.labels(dir), { ids: true }),
  unlabelledTexts,
  async settings(dir, dtype) {
    const { readModelFolder } = await import('../pyramid/folder/disk-model.ts');
    const { settingsOf } = await import('../pyramid/folder/frozen.ts');
    return settingsOf(await readModelFolder(dir), dtype);
  },
  writeAbstention: async (...call) => (await import('../pyramid/folder/write-abstention.ts')).writeAbstention(...call),
  writeTau: async (...call) => (await import('../pyramid/folder/write-tau.ts')).writeTau(...call),
  bench: async (options) => (await import('../bench/index.ts')).bench(options),
  httpLoad: async (options) =>
    (await import('../bench/index.ts')).httpLoad({
      command: [process.execPath, fileURLToPath(new URL('./main.js', import.meta.url))],
      ...options,
    }),
  serve: async (options, say) => (await import('../serve/run.ts')).runServer(options, say),
  jobs: async () => (await import('../jobs/index.ts')).jobs,
  quantize: async (options) => (await import('../measure/quantize.ts')).quantize(options),
  exportOnnx: async (options) => (await import('../export/export-model.ts')).exportOnnx(options),
  exportTransformersJs: async (options) => (await import('../export/transformers-js.ts')).exportTransformersJs(options),
  async pushModel(options, onSend) {
    await outline(options.dir); // says what is wrong with a folder that is no model's
    return (await import('../hub/push-model.ts')).pushModel(options, onSend);
  },
  refit: async (options) => (await import('../measure/refit.ts')).refit(options),
  demo: async (options, onEvent) => (await import('./demo/run-demo.ts')).runDemo(options, await device(), onEvent),
  model: async (dirOrId, onEvent) => (await import('../train/start/from-hub.ts')).modelFolder(dirOrId, onEvent),
  load: async (dir, options) => (await import('../engine/index.ts')).Pyramid.load(dir, options),
  labels: async (dir) => (await (await import('../encoder/index.ts')).readConfig(dir)).labels,
  outline,
  async measurePeeks(dir, texts, tau, dtype) {
    const { Pyramid } = await import('../engine/index.ts');
    const { measurePeeks } = await import('../measure/measure-peeks.ts');
    const pyramid = await Pyramid.load(dir, { dtype, askAll: true });
    try {
      return await measurePeeks(pyramid, texts, tau);
    } finally {
      await pyramid.close();
    }
  },
  labelledRows,
  texts,
  textRows,
  trace,
  async windowTrace(dir, rows, { dtype, stride, windows }, onProgress) {
    const { Pyramid } = await import('../engine/index.ts');
    const { runWindowTrace } = await import('../measure/run-trace.ts');
    const pyramid = await Pyramid.load(dir, { dtype: dtype ?? undefined });
    try {
      return { ...(await runWindowTrace(pyramid, rows, { stride, windows }, onProgress)), own: pyramid.info };
    } finally {
      await pyramid.close();
    }
  },
};

/** What models are trained on here. */
const device = async () => (await import('../train/device.ts')).trainingDevice();

async function labelledRows(
  { task, dataDir, file, labelColumns = [], ...columns }: RowSource,
  dir: string,
  onEvent: OnTrainEvent,
): Promise<Dataset> {
  if (task !== null) return (await import('../train/start/from-hub.ts')).taskRows(task, dataDir, 'test', onEvent);
  const { readExamples } = await import('../text/index.ts');
  const { labels, problemType } = (await outline(dir)).config;
  const note = (text: string) => onEvent({ kind: 'note', text });
  return readExamples(file!, {
    ...given(columns),
    ...(labelColumns.length > 0 && { labelColumns }),
    ...{ problemType, labels, onNumbered: note, onGuess: note },
  });
}

async function answers(file: string, dir: string, count: number): Promise<readonly number[]> {
  const { readLabels } = await import('../text/read-labels.ts');
  const rows = await readLabels(file, await realServices.labels(dir));
  if (rows.length !== count)
    throw new PyramidError('MP_USAGE', {
      what: `${file} has ${rows.length} answers, and there are ${count} rows`,
      todo: 'give one answer a row, in the order of the rows',
    });
  return rows.map(({ label }) => label);
}

async function outline(dir: string) {
  const { outlineOf } = await import('../pyramid/folder/model-folder.ts');
  const { diskFolder } = await import('../disk-folder.ts');
  return outlineOf(diskFolder(dir));
}

async function unlabelledTexts(source: UnlabelledSource, dir: string, onEvent: OnTrainEvent) {
  const { readUnlabelled } = await import('../train/with-floor/unlabelled-texts.ts');
  const { info } = await outline(dir);
  const onNote = (text: string) => onEvent({ kind: 'note', text });
  return readUnlabelled({ ...source, pairs: info.pairs, known: { train: null, judges: [] }, onNote });
}

type TextSource = Parameters<Services['texts']>[0];

async function* texts({ file, ...columns }: TextSource, onGuess?: (text: string) => void) {
  const { streamRows } = await import('../text/index.ts');
  for await (const { text, pair } of streamRows(file, { ...given(columns), onGuess }))
    yield pair === undefined ? text : { text, pair };
}

async function* textRows(
  { file, shard, ...columns }: Parameters<Services['textRows']>[0],
  onGuess?: (text: string) => void,
) {
  const { streamRows } = await import('../text/index.ts');
  const withRow = ({ text, pair, row = {} }: TextRow) => ({ input: pair === undefined ? text : { text, pair }, row });
  if (!shard) {
    const rows = streamRows(file, { ...given(columns), onGuess, wholeRows: true });
    for await (const row of rows) yield withRow(row);
    return;
  }
  const { fileShard } = await import('../text/file-shards.ts');
  const { read, parts, whole } = await fileShard(file, given(columns), shard);
  if (whole !== null) onGuess?.(`${file} is one shard, the first, since ${whole}`);
  for (const { part } of parts)
    for await (const row of streamRows(file, { ...read, ...(part && { part }), wholeRows: true })) yield withRow(row);
}

async function trace(
  dir: string,
  rows: Dataset,
  { dtype, askAll }: { readonly dtype: Dtype | null; readonly askAll?: boolean },
  onProgress: (share: number) => void,
) {
  const { Pyramid } = await import('../engine/index.ts');
  const { runTrace } = await import('../measure/run-trace.ts');
  const pyramid = await Pyramid.load(dir, { dtype: dtype ?? undefined, askAll });
  try {
    return { trace: await runTrace(pyramid, rows, onProgress), own: pyramid.info };
  } finally {
    await pyramid.close();
  }
}

/** Columns that were named. */
const given = (columns: Readonly<Record<string, string | null | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(columns).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
