/**
 * What the runs of a task and seed start from: their rows, the network, and the settings by which what lies on disk is
 * known to be theirs. It is the bulk of a run's memory that is not training's, so only a run's own process reads it.
 */
import { subsample } from '../text/index.ts';
import { resumeSettings, startedFrom } from '../train/checkpoint/resume-settings.ts';
import type { OnTrainEvent } from '../train/events.ts';
import { commonOptions } from '../train/options/affected.ts';
import { encodeRows } from '../train/start/encoded-rows.ts';
import { fingerprint, readRows } from '../train/start/rows.ts';
import { type Start, startingModel } from '../train/start/starting-model.ts';
import type { TaskRows, TaskSets } from './trial.ts';
import type { Terms, Unit } from './unit.ts';

export interface Group {
  readonly rows: TaskRows;
  readonly full: Start;
  readonly sets: TaskSets;
  readonly settings: (unit: Unit) => Record<string, string>;
}

/** `first`: of the group's runs, for what they have in common. Throws as reading rows and models does. */
export async function readGroup(
  terms: Terms,
  { options, task, testLimit }: Unit,
  onEvent: OnTrainEvent,
): Promise<Group> {
  // the same rows for all methods, whether or not they have a dial
  const { train, validation, calibration, test, beyond } = await readRows({ ...options, method: 'mp' }, onEvent);
  if (test === null) throw new Error(`internal: ${task} has no test rows`);
  // the same test rows whatever the seed
  const rows = {
    train,
    validation,
    calibration,
    test: testLimit === null ? test : subsample(test, testLimit, { seed: 0 }),
    beyond,
  };
  // a row without a network is counted against it too
  const full = await startingModel({ ...options, method: 'bert' }, rows, false, onEvent);
  return {
    rows,
    full,
    sets: encodeRows(full.tokenizer, rows, options.maxLength),
    settings: ({ row, options }) => ({
      ...resumeSettings(options, rows),
      'test rows': String(rows.test.examples.length),
      ...(calibration && { 'calibration rows': fingerprint(calibration) }),
      'max drop': String(terms.maxDrop),
      by: terms.by,
      ...(row.method === 'distilbert' ? { 'distilbert model': String(terms.distilbertModel) } : {}),
    }),
  };
}

/** What must be the same for a shared stage to be of use, beside what its path says. */
export const sharedSettings = ({ options }: Unit, rows: TaskRows): Record<string, string> => ({
  ...commonOptions(options),
  ...startedFrom(options, rows),
});
