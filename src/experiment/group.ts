/**
 * What the runs of a task and seed start from: their rows, the network, and the settings by which what lies on disk is
 * known to be theirs. It is the bulk of a run's memory that is not training's, so only a run's own process reads it.
 */
import { subsample } from '../text/index.ts';
import type { OnTrainEvent } from '../train/events.ts';
import { readRows, type Start, startingModel } from '../train/prepare.ts';
import { comparable } from '../train/run.ts';
import { encodeRows, type TaskRows, type TaskSets } from './trial.ts';
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
  const { train, validation, test } = await readRows(options, onEvent);
  if (test === null) throw new Error(`internal: ${task} has no test rows`);
  // the same test rows whatever the seed
  const rows = { train, validation, test: testLimit === null ? test : subsample(test, testLimit, { seed: 0 }) };
  const full = await startingModel(options, rows, false, onEvent);
  return {
    rows,
    full,
    sets: encodeRows(full, rows, options.maxLength),
    settings: ({ row, options }) => ({
      ...comparable(options, rows),
      'test rows': String(rows.test.examples.length),
      'max drop': String(terms.maxDrop),
      by: terms.by,
      ...(row.method === 'distilbert' ? { 'distilbert model': String(terms.distilbertModel) } : {}),
    }),
  };
}

/** What must be the same for a shared stage to be of use, beside what its path says. */
export function sharedSettings({ options }: Unit, rows: TaskRows): Record<string, string> {
  const {
    delta: _d,
    temperature: _t,
    lambda: _l,
    exitHead: _h,
    exitTraining: _e,
    jointFrom: _f,
    jointTargets: _g,
    jointWeight: _w,
    method: _m,
    headLearningRate: _r,
    jointHeadLearningRate: _j,
    pooledDropout: _p,
    headBatchSize: _b,
    epochs: _n,
    ...common
  } = comparable(options, rows);
  const { heads: _own, ...epochs } = options.epochs;
  return { ...common, epochs: JSON.stringify(epochs) };
}
