/**
 * The rows of a run: a known task's, or those of files; some held back for validation where none are given. Bad rows are
 * met here, before anything is trained. Knows nothing of tokens.
 */
import { createHash } from 'node:crypto';
import { PyramidError } from '../../errors.ts';
import { type Dataset, type Example, problemTypeOfRows } from '../../text/example.ts';
import { readExamples, splitDataset, subsample } from '../../text/index.ts';
import type { OnTrainEvent } from '../events.ts';
import type { TrainOptions } from '../options/defaults.ts';
import { keepApart, refuseReused, withoutReused } from './calibration-rows.ts';
import { taskRows } from './from-hub.ts';
import { labelCounts } from './label-counts.ts';

export interface Rows {
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset | null;
  /** They certify tau, and do nothing else; none where null or left out. */
  readonly calibration?: Dataset | null;
  /** Training rows beyond `limit`, which are not trained on; none where left out. */
  readonly beyond?: readonly Example[];
}

/** Share of the training rows held back when no validation rows are given. */
const VALIDATION_SHARE = 0.1;

/** Throws MP_FILE_MISSING, MP_DATA_*, MP_TASK_UNKNOWN, MP_HUB_*, MP_USAGE. */
export async function readRows(options: TrainOptions, onEvent: OnTrainEvent = () => {}): Promise<Rows> {
  const { task, dataDir, seed } = options;
  const columns = {
    ...(options.text && { text: options.text }),
    ...(options.pair && { pair: options.pair }),
    ...(options.label && { label: options.label }),
    ...(options.labelSeparator && { labelSeparator: options.labelSeparator }),
    ...(options.labelColumns.length > 0 && { labelColumns: options.labelColumns }),
    ...(options.delimiter && { delimiter: options.delimiter }),
  };
  const onGuess = (text: string) => onEvent({ kind: 'note', text });
  let train =
    task !== null
      ? await taskRows(task, dataDir, 'train', onEvent)
      : await readExamples(options.train!, {
          ...columns,
          ...(options.problemType && { problemType: options.problemType }),
          onGuess,
        });
  const problemType = problemTypeOfRows(train);
  const file = (path: string) => readExamples(path, { ...columns, problemType, labels: train.labels });
  const test =
    task !== null ? await taskRows(task, dataDir, 'test', onEvent) : options.test ? await file(options.test) : null;
  const all = train.examples;
  if (options.limit !== null) train = subsample(train, options.limit, { seed });
  const apart = keepApart(train, train.examples === all ? [] : without(all, train.examples), options);
  const { beyond } = apart;
  noteUntrained(apart.train, onEvent);
  const learned = options.validation
    ? { train: apart.train, validation: await file(options.validation) }
    : heldBack(apart.train, seed);
  const others = [learned.train, learned.validation];
  if (options.calibration !== null) {
    const calibration = await file(options.calibration);
    refuseReused(options.calibration, calibration, others);
    return { ...learned, test, beyond, calibration };
  }
  if (apart.calibration === null) return { ...learned, test, beyond };
  const { rows: calibration, left } = withoutReused(apart.calibration, others);
  onGuess(apartNote(calibration, left, apart.train === train));
  return { ...learned, test, beyond, calibration: calibration.examples.length > 0 ? calibration : null };
}

function without(all: readonly Example[], some: readonly Example[]): readonly Example[] {
  const taken = new Set(some);
  return all.filter((example) => !taken.has(example));
}

function heldBack(rows: Dataset, seed: number): Pick<Rows, 'train' | 'validation'> {
  const { kept, heldOut } = splitDataset(rows, VALIDATION_SHARE, { seed });
  if (heldOut.examples.length > 0) return { train: kept, validation: heldOut };
  throw new PyramidError('MP_USAGE', {
    what: `${rows.name}: ${rows.examples.length} rows are too few to hold back a tenth for validation`,
    todo: 'add rows, or give --validation',
  });
}

/** `spare`: they are of the rows beyond the limit. */
function apartNote({ examples }: Dataset, left: number, spare: boolean): string {
  const from = spare ? 'rows beyond the limit' : 'training rows';
  const doubles =
    left === 0 ? '' : `; ${left} more are left out, since their texts are also training or validation rows`;
  return `${examples.length} ${from} are kept apart to certify tau, and nothing is learned from them${doubles}`;
}

/** Says which labels have no row to learn from: the model knows their names, and never answers them. */
function noteUntrained(rows: Dataset, onEvent: OnTrainEvent): void {
  const { name, labels } = rows;
  if (problemTypeOfRows(rows) === 'regression') return;
  const counts = labelCounts(rows);
  const none = labels.filter((_, label) => counts[label].rows === 0);
  if (none.length === 0) return;
  const named = none.slice(0, 10).join(', ') + (none.length > 10 ? ` and ${none.length - 10} more` : '');
  onEvent({ kind: 'note', text: `${name}: no training rows have the label ${named}` });
}

/** Sixteen hex digits that change with any row. */
export function fingerprint({ labels, examples }: Dataset): string {
  const digest = createHash('sha256').update(JSON.stringify(labels));
  for (const { text, pair, label, target } of examples)
    digest.update(JSON.stringify([text, pair ?? null, target ?? label]));
  return digest.digest('hex').slice(0, 16);
}
