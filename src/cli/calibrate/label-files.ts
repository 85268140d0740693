/**
 * The files of `calibrate --unlabelled`, to be read back by `--labels`: the texts to label as a table for people, and beside it
 * what was frozen when they were drawn, with the trace of all texts. Knows nothing of how texts are drawn and certified.
 */
import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { diskFolder } from '../../disk-folder.ts';
import { PyramidError } from '../../errors.ts';
import { readTrace, type Trace, writeTrace } from '../../evaluate/trace.ts';
import { jsonObjectIn, readText } from '../../folder.ts';
import { json } from '../../pyramid/folder/model-folder.ts';
import type { LabelRow } from '../../text/read-labels.ts';
import type { Text } from '../../train/with-floor/unlabelled-texts.ts';
import { writeAllWhole } from '../../write-whole.ts';

/** What the texts were drawn with; the same gives the same texts. */
export interface LabelTask {
  readonly format: 1;
  readonly risk: 'net-drop' | 'harm';
  readonly maxRisk: number;
  readonly confidence: number;
  readonly budget: number;
  readonly seed: number;
  /** Fingerprint of the model as it was, see `Certificate.settings`. */
  readonly settings: string;
  /** Texts without labels, and of them those to label, by their place from 1. */
  readonly texts: number;
  readonly ids: readonly number[];
}

const taskPath = (path: string) => `${path}.json`;
const tracePath = (path: string) => `${path}.trace.jsonl`;

/** Throws MP_USAGE for a file that is there: hours of labelling may be in it. */
export function needNoLabelFile(path: string): void {
  if (existsSync(path))
    throw new PyramidError('MP_USAGE', {
      what: `${path} exists, and may hold labels`,
      todo: 'give another name, or remove it',
    });
}

/** `texts` are all, in the order of the trace. Throws MP_WRITE. */
export async function writeLabelFiles(
  path: string,
  task: LabelTask,
  trace: Trace,
  texts: readonly Text[],
): Promise<void> {
  const columns = ['id', 'text', ...(trace.pairs ? ['pair'] : []), 'label'];
  const rows = task.ids.map((id) => ({ id, ...texts[id - 1], label: '' }));
  await writeTrace(tracePath(path), trace);
  await writeAllWhole([
    { path: taskPath(path), text: json(task) },
    // no spreadsheet takes a text for a formula
    { path, text: stringify(rows, { header: true, columns, escape_formulas: true }) },
  ]);
}

/** Throws MP_FILE_MISSING, MP_MODEL_FILE, MP_DATA_*. */
export async function readLabelTask(path: string): Promise<{ readonly task: LabelTask; readonly trace: Trace }> {
  const at = taskPath(path);
  const fault = (problem: string, cause?: unknown) =>
    new PyramidError('MP_MODEL_FILE', { path: at, problem }, { cause });
  const text = await readText(diskFolder(dirname(at)), basename(at));
  if (text === null) throw new PyramidError('MP_FILE_MISSING', { path: at, what: 'description of the texts to label' });
  const task = jsonObjectIn(text, fault) as unknown as LabelTask;
  const isShare = (value: unknown) => typeof value === 'number' && value > 0 && value < 1;
  const { format, risk, maxRisk, confidence, budget, seed, settings, texts, ids } = task;
  const wholes = [budget, seed, texts, ...(Array.isArray(ids) ? ids : [null])];
  if (
    format !== 1 ||
    (risk !== 'net-drop' && risk !== 'harm') ||
    ![maxRisk, confidence].every(isShare) ||
    !wholes.every(Number.isSafeInteger) ||
    typeof settings !== 'string'
  )
    throw fault('it is not what calibrate --unlabelled writes');
  const trace = await readTrace(tracePath(path));
  if (trace.entries.length !== texts)
    throw fault(`it is of ${texts} texts, and ${tracePath(path)} has ${trace.entries.length}`);
  return { task, trace };
}

/** Place of a text from 0 → its label. Throws MP_DATA_ROW for an id that is not asked for or comes twice, MP_USAGE for one without a row. */
export function labelsById(
  path: string,
  rows: readonly LabelRow[],
  { ids }: Pick<LabelTask, 'ids'>,
): Map<number, number> {
  const asked = new Set(ids.map(String));
  const labels = new Map<number, number>();
  for (const { line, id, label } of rows) {
    const fault = (problem: string) => new PyramidError('MP_DATA_ROW', { path, line, problem });
    if (!asked.has(id)) throw fault(`the id ${JSON.stringify(id)} is none of the texts to label`);
    if (labels.has(Number(id) - 1)) throw fault(`the id ${id} stands there twice`);
    labels.set(Number(id) - 1, label);
  }
  const missing = ids.filter((id) => !labels.has(id - 1));
  if (missing.length > 0)
    throw new PyramidError('MP_USAGE', {
      what: `${path} lacks ${missing.length} of the ${ids.length} texts to label, the first with the id ${missing[0]}`,
      todo: 'label all of them: those that were skipped may be the hard ones',
    });
  return labels;
}
