/**
 * A run of a campaign as data, which another process can be sent: what it trains, where it lies, and which shared stages
 * it builds on. Knows nothing of how runs are run.
 */

import { methods, stageList } from '../train/methods.ts';
import { PAPER_EXITS } from '../train/options/choices.ts';
import type { TrainOptions } from '../train/options/defaults.ts';
import { stagePath } from '../train/stages/run-method.ts';
import type { MethodRow } from './method-rows.ts';

/** One run. Runs of a task and seed must agree in all settings that shared stages depend on, but those of pruning and exits. */
export interface Unit {
  readonly task: string;
  readonly row: MethodRow;
  readonly seed: number;
  readonly options: TrainOptions;
  readonly folder: string;
  /** Where its task and seed keep their shared stages. */
  readonly stagesFolder: string;
  /** Rows to judge on; null: all. */
  readonly testLimit: number | null;
  /** What people call it. */
  readonly label: string;
}

/** What holds for all runs of a campaign. */
export interface Terms {
  readonly maxDrop: number;
  readonly by: 'actual' | 'paper';
  /** Of a certified tau; null: none is looked for. */
  readonly confidence: number | null;
  /** A DistilBERT checkpoint for the method of that name; null: a student of the model. */
  readonly distilbertModel: string | null;
  /** Keep each run's model and traces, and time it in the engine. */
  readonly keepModels: boolean;
}

export interface Campaign extends Terms {
  /** Of one task and seed together; plain BERT first, if it is there: the others' drop is counted from it. */
  readonly units: readonly Unit[];
}

/** The settings of a student's teacher, which is plain BERT. */
export const teacherRow = { method: 'bert', ...PAPER_EXITS } as const;

/** The shared stages that a run builds on. What follows them is its own. */
export function stagesOf({ distilbertModel }: Terms, { row, options }: Unit): string[] {
  const { student } = methods[row.method];
  if (student) return distilbertModel === null ? [stagePath('bert', { ...options, ...teacherRow }, 1)] : [];
  return stageList(row.method, options).flatMap((stage, i) =>
    stage === 'heads' ? [] : [stagePath(row.method, options, i + 1)],
  );
}
