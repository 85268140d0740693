/**
 * What a finished run leaves beside its model: everything a table or a figure says of it, in one JSON file that is written
 * last and whole. Where it stands, the run is not done again.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PyramidError } from '../errors.ts';
import type { Judgement, Summary } from '../evaluate/index.ts';
import { json } from '../pyramid/folder/model-folder.ts';
import { type AttentionExample, type ReportRow, reportRow, type TrainingCurve } from '../report/index.ts';
import { damaged, isRecord, isTexts } from '../train/checkpoint/stored-progress.ts';
import { writeWhole } from '../write-whole.ts';
import type { DialPoint } from './dial-points.ts';

export interface StoredResult {
  readonly format: 1;
  readonly task: string;
  readonly method: string;
  readonly seed: number;
  /** What must be the same for the result to be of use. */
  readonly settings: Readonly<Record<string, string>>;
  /** On the clock; all else is the same whenever and however often the run is stopped. */
  readonly clock: { readonly seconds: number; readonly msPerText: number | null };
  /** Accuracy, or what stands in its place (src/evaluate/quality.ts), on the validation rows that the drop is counted from. */
  readonly baseline: number;
  readonly tau: number | null;
  /** On the validation rows, at tau. */
  readonly validation: Summary;
  /** On the test rows, at tau. */
  readonly test: Judgement;
  /** Over tau, on the test rows. */
  readonly curve: readonly Summary[];
  /** On the test rows, at the tau that the validation rows choose for a drop. */
  readonly drops: readonly DropChoice[];
  /** The dial set in several ways; left out where there are no exits, and by runs of before it was asked for. */
  readonly dial?: StoredDial;
  readonly training: readonly TrainingCurve[];
  readonly attention: readonly AttentionExample[];
  readonly data: DataFacts;
  /** Learned, by layer; null without pruning. */
  readonly thresholds: readonly number[] | null;
}

export interface StoredDial {
  readonly maxDrop: number;
  readonly confidence: number;
  readonly points: readonly DialPoint[];
}

export interface DropChoice {
  readonly maxDrop: number;
  readonly by: 'actual' | 'paper';
  readonly point: Summary;
}

export interface DataFacts {
  readonly labels: number;
  readonly pairs: boolean;
  readonly train: number;
  readonly validation: number;
  /** Left out: none were kept apart. */
  readonly calibration?: number;
  readonly test: number;
  /** Mean tokens of a test text, as cut. */
  readonly tokens: number;
  /** Share of the test texts that were cut. */
  readonly cut: number;
}

const FILE = 'result.json';

/** Throws MP_WRITE. */
export const writeResult = (folder: string, result: StoredResult): Promise<void> =>
  writeWhole(join(folder, FILE), json(result));

/** The result in `folder`; null: there is none. Throws MP_RESUME_MISMATCH if it is of other settings. */
export async function readResult(
  folder: string,
  settings: Readonly<Record<string, string>>,
): Promise<StoredResult | null> {
  const path = join(folder, FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
  const result = parsed(text);
  if (result === null) throw damaged(path, 'it is not the result of a run');
  for (const [option, now] of Object.entries(settings)) {
    const before = Object.hasOwn(result.settings, option) ? result.settings[option] : 'not given';
    if (before !== now) throw new PyramidError('MP_RESUME_MISMATCH', { path, option, before, now });
  }
  return result;
}

/** null: it is none, or only a part of one. */
function parsed(text: string): StoredResult | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value) || value.format !== 1 || !isTexts(value.settings)) return null;
  const { task, method, clock, baseline, validation, test, data, curve, drops, dial, training, attention } = value;
  const whole =
    [task, method].every((name) => typeof name === 'string') &&
    typeof baseline === 'number' &&
    [clock, validation, test, data].every(isRecord) &&
    (dial === undefined || (isRecord(dial) && Array.isArray(dial.points) && dial.points.every(isRecord))) &&
    [curve, drops, training, attention].every((list) => Array.isArray(list) && list.every(isRecord));
  return whole ? (value as unknown as StoredResult) : null;
}

export const resultRow = ({ task, method, test, clock }: StoredResult): ReportRow =>
  reportRow(test, { task, method, ...clock });
