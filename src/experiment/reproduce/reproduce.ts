/**
 * The paper's experiments: methods × tasks × seeds, each run in a folder of its own (campaign.ts), and a report of them
 * all, made again after each task from what lies on disk.
 */
import { join, resolve } from 'node:path';
import { PyramidError } from '../../errors.ts';
import { type ReportRow, writeReport } from '../../report/index.ts';
import { TASKS, taskNamed } from '../../text/index.ts';
import type { OnTrainEvent } from '../../train/events.ts';
import { type GivenTrainOptions, resolveTrainOptions } from '../../train/options/resolve.ts';
import { withOut } from '../../train/output/out-folder.ts';
import { versions } from '../../train/output/versions.ts';
import { exitHeadKind } from '../../train/start/exit-heads.ts';
import { type Outcome, runCampaign } from '../campaign.ts';
import { needDataDir } from '../data-dir.ts';
import { folderName, METHOD_ROWS, type MethodRow } from '../method-rows.ts';
import { RECIPES } from '../recipes.ts';
import type { Campaign, Unit } from '../unit.ts';
import { reproductionReport, resultRows } from './reproduce-report.ts';

/** One number of rows for all tasks, or one for each of some; a task without one has all its rows. */
export type RowLimit = number | Readonly<Record<string, number>> | null;

export interface ReproduceOptions {
  readonly tasks: readonly string[];
  /** Rows of src/experiment/method-rows.ts. */
  readonly methods: readonly string[];
  readonly out: string;
  readonly limit: RowLimit;
  readonly testLimit: RowLimit;
  /** Runs with the seeds `seed`, `seed` + 1, … */
  readonly seeds: number;
  readonly seed: number;
  readonly maxDrop: number;
  readonly by: 'actual' | 'paper';
  /** Of the certified settings, 0 to 1. */
  readonly confidence: number;
  readonly distilbertModel: string | null;
  readonly resume: boolean;
  /** Settings of training that win over the tasks' own (recipes.ts): the model and where rows are among them. */
  readonly training: GivenTrainOptions;
}

export interface ReproduceResult {
  readonly rows: readonly ReportRow[];
  /** The page's path. */
  readonly report: string;
  readonly failed: number;
}

/**
 * Throws MP_OUT_EXISTS, MP_OUT_BUSY, MP_TASK_UNKNOWN, MP_USAGE and MP_RESUME_MISMATCH before anything is trained. A run that
 * fails is a row of the table.
 */
export async function reproduce(options: ReproduceOptions, onEvent: OnTrainEvent): Promise<ReproduceResult> {
  const out = resolve(options.out);
  const isRun = (entries: readonly string[]) =>
    entries.some((name) => name === 'report.json' || Object.hasOwn(TASKS, name));
  return withOut(out, { resume: options.resume, isRun }, onEvent, () => reproduceInto(out, options, onEvent));
}

async function reproduceInto(out: string, options: ReproduceOptions, onEvent: OnTrainEvent): Promise<ReproduceResult> {
  await checkReproduction(options);
  const campaign = reproductionCampaign({ ...options, out });
  const outcomes = await runCampaign(campaign, onEvent, (found) => writeReproduction(out, options, found));
  return {
    rows: resultRows(outcomes),
    report: join(out, 'report.html'),
    failed: outcomes.filter((outcome) => 'failed' in outcome).length,
  };
}

/** What must hold before any of it is trained. Throws MP_TASK_UNKNOWN, MP_FILE_MISSING, MP_USAGE. */
export async function checkReproduction({ tasks, limit, testLimit, training }: ReproduceOptions): Promise<void> {
  for (const given of [limit, testLimit])
    if (given !== null && typeof given === 'object') Object.keys(given).forEach(taskNamed);
  await needDataDir(training.dataDir, tasks);
}

/** Its runs; `out` is a whole path. Throws MP_TASK_UNKNOWN, MP_USAGE. */
export const reproductionCampaign = (options: ReproduceOptions): Campaign => ({
  units: unitsOf(options),
  maxDrop: options.maxDrop,
  by: options.by,
  confidence: options.confidence,
  distilbertModel: options.distilbertModel,
  keepModels: true,
});

/** Tables and figures of what is done. Throws MP_WRITE. */
export const writeReproduction = (
  out: string,
  options: ReproduceOptions,
  outcomes: readonly Outcome[],
): Promise<void> =>
  writeReport(out, reproductionReport(outcomes, { maxDrop: options.maxDrop, by: options.by, facts: facts(options) }));

function unitsOf({ tasks, methods, seeds, seed, out, limit, testLimit, training }: ReproduceOptions): Unit[] {
  for (const task of tasks) taskNamed(task);
  const rows = methodRows(methods);
  return [...new Set(tasks)].flatMap((task) =>
    Array.from({ length: seeds }, (_, i) => seed + i).flatMap((own) =>
      rows.map((row): Unit => {
        const folder = join(out, task, folderName(row.name), `seed-${own}`);
        return {
          task,
          row,
          seed: own,
          folder,
          stagesFolder: join(out, task, `stages-seed-${own}`),
          testLimit: limitOf(testLimit, task),
          label: `${task}, ${row.name}${seeds > 1 ? `, seed ${own}` : ''}`,
          options: taskOptions(task, row, { ...training, seed: own, out: folder, limit: limitOf(limit, task) }),
        };
      }),
    ),
  );
}

/** The rows of these names, plain BERT first. Throws MP_USAGE. */
export function methodRows(names: readonly string[]): MethodRow[] {
  const rows = [...new Set(names)].map((name) => {
    const row = METHOD_ROWS.get(name);
    if (!row) {
      throw new PyramidError('MP_USAGE', {
        what: `there is no method "${name}"`,
        todo: `the methods are ${[...METHOD_ROWS.keys()].join(', ')}`,
      });
    }
    return row;
  });
  return rows.sort((a, b) => Number(b.name === 'bert') - Number(a.name === 'bert'));
}

/** A task's recipe, what was given, and what the row of the table says; complete and checked. */
export function taskOptions(task: string, { method, exits }: MethodRow, given: GivenTrainOptions) {
  const known = Object.hasOwn(TASKS, task) ? (task as keyof typeof RECIPES) : null;
  const exitHead = known ? exitHeadKind(exits.exitHead, TASKS[known].pair !== null) : exits.exitHead;
  return resolveTrainOptions({ ...(known && RECIPES[known]), ...given, ...exits, exitHead, task, method });
}

export const limitOf = (limit: RowLimit, task: string): number | null =>
  limit === null || typeof limit === 'number' ? limit : (limit[task] ?? null);

function facts({ training, seed, seeds }: ReproduceOptions): Record<string, string> {
  return {
    model: (training.model ?? 'scratch').split(/[\\/]/).pop()!,
    seeds: seeds > 1 ? `${seed} to ${seed + seeds - 1}` : String(seed),
    ...versions(),
  };
}
