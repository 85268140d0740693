/**
 * Many runs on one disk: each (task, method, settings, seed) in a folder of its own, shared stages trained once, what is
 * done not done again, and a run that fails marked with its reason while the others go on. Knows nothing of which
 * runs there are (reproduce.ts, sweep.ts) or how they are shown.
 */
import { join } from 'node:path';
import { PyramidError } from '../../errors.ts';
import { cheapest, judge, tradeoff, writeTrace } from '../../evaluate/index.ts';
import { subsample } from '../../text/index.ts';
import type { EncodedSet } from '../batch.ts';
import { Checkpoints } from '../checkpoint.ts';
import type { TrainOptions } from '../defaults.ts';
import type { OnTrainEvent } from '../events.ts';
import { runMethod, stagePath } from '../method-run.ts';
import { methods } from '../methods.ts';
import { readRows, type Start, startingModel } from '../prepare.ts';
import { comparable, stageSettings } from '../run.ts';
import type { ModelState } from '../state.ts';
import { attentionExamples } from './attention.ts';
import { stepSpeed, work } from './estimate.ts';
import type { MethodRow } from './method-rows.ts';
import { StageFolder } from './stage-folder.ts';
import { readResult, type StoredResult, writeResult } from './stored-result.ts';
import {
  curveOf,
  encodeRows,
  runTrial,
  shapeOf,
  type TaskRows,
  type TaskSets,
  type Trial,
  type TrialPlan,
  trialCurves,
} from './trial.ts';

/** One run. Runs of a task and seed must agree in all settings that shared stages depend on, but those of pruning and exits. */
export interface Unit {
  readonly task: string;
  readonly row: MethodRow;
  readonly seed: number;
  readonly options: TrainOptions;
  readonly folder: string;
  /** What people call it. */
  readonly label: string;
}

export interface Campaign {
  /** Of one task and seed together; plain BERT first, if it is there: the others' drop is counted from it. */
  readonly units: readonly Unit[];
  /** Where a task and seed keep their shared stages. */
  readonly stagesFolder: (task: string, seed: number) => string;
  /** Rows to judge on; null: all. */
  readonly testLimit: (task: string) => number | null;
  readonly maxDrop: number;
  readonly by: 'actual' | 'paper';
  /** A DistilBERT checkpoint for the method of that name; null: a student of the model. */
  readonly distilbertModel: string | null;
  /** Keep each run's model and traces, and time it in the engine. */
  readonly keepModels: boolean;
}

export type Outcome =
  | { readonly unit: Unit; readonly result: StoredResult }
  | { readonly unit: Unit; readonly failed: string };

/** Drops that a reader may want to read off, beside the campaign's own. */
const DROPS = [0, 0.005, 0.01, 0.02];

/**
 * Runs what is not done yet and gives one outcome a unit, in their order. `onGroup` is told after each task and seed.
 * Throws MP_RESUME_MISMATCH before anything is trained, if what is there is of other settings.
 */
export async function runCampaign(
  campaign: Campaign,
  onEvent: OnTrainEvent,
  onGroup: (outcomes: readonly Outcome[]) => Promise<void> = async () => {},
): Promise<Outcome[]> {
  const groups = groupsOf(campaign.units);
  const note = (text: string) => onEvent({ kind: 'note', text });
  const broken = await survey(campaign, groups, onEvent);
  const outcomes: Outcome[] = [];
  for (const [key, units] of groups) {
    const reason = broken.get(key);
    if (reason === undefined) outcomes.push(...(await runGroup(campaign, units, onEvent)));
    else {
      note(`${units[0].task}: failed, ${reason}`);
      outcomes.push(...units.map((unit) => ({ unit, failed: reason })));
    }
    await onGroup(outcomes);
  }
  return outcomes;
}

/** Looks at all that is asked for before the first of it runs: says how long it takes; gives groups that cannot run. */
async function survey(
  campaign: Campaign,
  groups: ReadonlyMap<string, readonly Unit[]>,
  onEvent: OnTrainEvent,
): Promise<Map<string, string>> {
  const broken = new Map<string, string>();
  let speed = 0;
  let total = 0;
  let left = 0;
  for (const [key, units] of groups) {
    try {
      const group = await prepare(campaign, units, onEvent);
      const open = await undone(group, units);
      if (open.length === 0) continue;
      speed ||= await stepSpeed(group.full, group.sets, group.rows, open[0]);
      const tokens = (set: EncodedSet) => set.lengths.reduce((sum, length) => sum + length, 0);
      const { train, validation, test } = group.sets;
      const counted = { train: tokens(train), validation: tokens(validation), test: tokens(test) };
      total += work(units, new Set(open), counted, campaign.distilbertModel === null);
      left += open.length;
    } catch (error) {
      broken.set(key, reasonOf(error));
    }
  }
  const { length } = campaign.units;
  const minutes = Math.ceil(total / speed / 60);
  onEvent({
    kind: 'note',
    text:
      left === 0
        ? `${length} runs, none of them to do`
        : `${length} runs, ${left} of them to do: about ${minutes} min on this machine (${Math.round(speed)} tokens a second)`,
  });
  return broken;
}

function groupsOf(units: readonly Unit[]): Map<string, Unit[]> {
  const groups = new Map<string, Unit[]>();
  for (const unit of units) {
    const key = `${unit.task} ${unit.seed}`;
    groups.set(key, [...(groups.get(key) ?? []), unit]);
  }
  return groups;
}

interface Group {
  readonly rows: TaskRows;
  readonly full: Start;
  readonly sets: TaskSets;
  readonly settings: (unit: Unit) => Record<string, string>;
}

async function prepare(
  campaign: Campaign,
  [{ options, task }]: readonly Unit[],
  onEvent: OnTrainEvent,
): Promise<Group> {
  const { train, validation, test } = await readRows(options, onEvent);
  if (test === null) throw new Error(`internal: ${task} has no test rows`);
  const most = campaign.testLimit(task);
  // the same test rows whatever the seed
  const rows = { train, validation, test: most === null ? test : subsample(test, most, { seed: 0 }) };
  const full = await startingModel(options, rows, false, onEvent);
  return {
    rows,
    full,
    sets: encodeRows(full, rows, options.maxLength),
    settings: ({ row, options }) => ({
      ...comparable(options, rows),
      'test rows': String(rows.test.examples.length),
      'max drop': String(campaign.maxDrop),
      by: campaign.by,
      ...(row.method === 'distilbert' ? { 'distilbert model': String(campaign.distilbertModel) } : {}),
    }),
  };
}

/** Throws MP_RESUME_MISMATCH. */
async function undone({ settings }: Group, units: readonly Unit[]): Promise<Unit[]> {
  const open: Unit[] = [];
  for (const unit of units) if (!(await readResult(unit.folder, settings(unit)))) open.push(unit);
  return open;
}

async function runGroup(campaign: Campaign, units: readonly Unit[], onEvent: OnTrainEvent): Promise<Outcome[]> {
  const group = await prepare(campaign, units, onEvent);
  const { full, settings } = group;
  const { task, seed, options } = units[0];
  const {
    delta: _d,
    temperature: _t,
    lambda: _l,
    exitHead: _h,
    exitTraining: _e,
    method: _m,
    ...common
  } = comparable(options, group.rows);
  const stages = new StageFolder(campaign.stagesFolder(task, seed), full.state.config, common);
  const open = new Set(await undone(group, units));
  const outcomes: Outcome[] = [];
  for (const unit of units) {
    const done = open.has(unit) ? null : await readResult(unit.folder, settings(unit));
    if (done) {
      outcomes.push({ unit, result: done });
      continue;
    }
    open.delete(unit);
    const needs = (some: Iterable<Unit>) => new Set([...some].flatMap((one) => stagesOf(campaign, one)));
    await stages.retain(needs([unit]), needs(open));
    try {
      const bert = outcomes.find((outcome) => 'result' in outcome && outcome.result.method === 'bert');
      const baseline = bert && 'result' in bert ? bert.result.baseline : null;
      const named: OnTrainEvent = (event) =>
        onEvent(event.kind === 'stage' ? { ...event, method: event.method.replace(unit.row.name, unit.label) } : event);
      outcomes.push({ unit, result: await runUnit(campaign, group, unit, stages, baseline, named) });
    } catch (error) {
      const failed = reasonOf(error);
      // it is tried again when the campaign goes on
      open.add(unit);
      onEvent({ kind: 'note', text: `${unit.label}: failed, ${failed}` });
      outcomes.push({ unit, failed });
    }
  }
  await stages.retain(new Set(), new Set([...open].flatMap((one) => stagesOf(campaign, one))));
  return outcomes;
}

async function runUnit(
  campaign: Campaign,
  { rows, full, sets, settings }: Group,
  unit: Unit,
  stages: StageFolder,
  baseline: number | null,
  onEvent: OnTrainEvent,
): Promise<StoredResult> {
  const { task, row, seed, options, folder, label } = unit;
  const { student, exits, prunes } = methods[row.method];
  const given = student ? campaign.distilbertModel : null;
  const checkpoints = new Checkpoints(join(folder, 'run'), settings(unit));
  const start =
    given !== null
      ? await startingModel({ ...options, model: given }, rows, false, onEvent)
      : student
        ? await startingModel(options, rows, true, onEvent)
        : full;
  const plan: TrialPlan = {
    task,
    row,
    options,
    start,
    rows,
    sets: given === null ? sets : encodeRows(start, rows, options.maxLength),
    baseline,
    maxDrop: campaign.maxDrop,
    by: campaign.by,
    dense: shapeOf(full),
    teacher:
      student && given === null
        ? await teacherOf(unit, { rows, full, sets }, stages, settings(unit), onEvent)
        : undefined,
    checkpoints,
    shared: given === null ? stages : undefined,
    folder: campaign.keepModels ? join(folder, 'model') : null,
  };
  const trial = await runTrial(plan, onEvent);
  if (campaign.keepModels) {
    await writeTrace(join(folder, 'validation.trace.jsonl'), trial.validation);
    await writeTrace(join(folder, 'test.trace.jsonl'), trial.test);
  }
  const { threads } = stageSettings(options, rows.train);
  const attention =
    campaign.keepModels && prunes
      ? await attentionExamples(trial.result.state, plan.sets.test, start.tokenizer, {
          task,
          method: row.name,
          threads,
        })
      : [];
  const result = storedResult(plan, trial, { seed, settings: settings(unit), attention, exits });
  await writeResult(folder, result);
  await checkpoints.remove();
  const { accuracy, speedup } = trial.onTest;
  onEvent({
    kind: 'note',
    text: `${label}: accuracy ${(100 * accuracy).toFixed(2)} %, ${speedup.paper.toFixed(2)} times fewer operations as the paper counts, ${speedup.actual.toFixed(2)} as computed`,
  });
  return result;
}

function storedResult(
  plan: TrialPlan,
  trial: Trial,
  { seed, settings, attention, exits }: Pick<StoredResult, 'seed' | 'settings' | 'attention'> & { exits: boolean },
): StoredResult {
  const { task, row, dense, rows, sets } = plan;
  const { validation, test, result, tau, baseline, onTest, msPerText } = trial;
  const { n, accuracy, f1, macroF1, gflops, speedup, meanExit } = trial.onValidation;
  const points = exits ? tradeoff(validation, { dense }) : [];
  const drops = DROPS.flatMap((maxDrop) =>
    (['paper', 'actual'] as const).map((by) => {
      const chosen = exits ? cheapest(points, baseline - maxDrop, by).tau : null;
      const { byLength: _, exitsByLayer: _e, tokensByLayer: _t, ...point } = judge(test, chosen, { dense });
      return { maxDrop, by, point };
    }),
  );
  return {
    format: 1,
    task,
    method: row.name,
    seed,
    settings,
    clock: { seconds: result.progress.seconds, msPerText },
    baseline,
    tau,
    validation: { n, tau, accuracy, f1, macroF1, gflops, speedup, meanExit },
    test: onTest,
    curve: curveOf(test, row, dense),
    drops,
    training: trialCurves(plan, trial),
    attention,
    data: {
      labels: rows.train.labels.length,
      pairs: rows.train.pairs,
      train: rows.train.examples.length,
      validation: rows.validation.examples.length,
      test: rows.test.examples.length,
      tokens: sets.test.lengths.reduce((sum, length) => sum + length, 0) / sets.test.lengths.length,
      cut: sets.test.truncated / sets.test.lengths.length,
    },
    thresholds: result.state.thresholds && Array.from(result.state.thresholds),
  };
}

const teacherRow = { method: 'bert', exitHead: 'cls', exitTraining: 'frozen' } as const;

/** Plain BERT on the task: from its run, or trained here. */
async function teacherOf(
  { folder, options, row }: Unit,
  { rows, full, sets }: Omit<Group, 'settings'>,
  stages: StageFolder,
  settings: Record<string, string>,
  onEvent: OnTrainEvent,
): Promise<ModelState> {
  const checkpoints = new Checkpoints(join(folder, 'teacher'), settings);
  const { state } = await runMethod({
    name: 'bert',
    options: { ...options, ...teacherRow },
    start: full.state,
    pairs: rows.train.pairs,
    train: sets.train,
    validation: sets.validation,
    settings: stageSettings({ ...options, ...teacherRow }, rows.train),
    checkpoints,
    shared: stages,
    onEvent: (event) => onEvent(event.kind === 'stage' ? { ...event, method: `${row.name}'s teacher` } : event),
  });
  return state;
}

/** The shared stages that a run builds on. What follows them is its own. */
function stagesOf({ distilbertModel }: Campaign, { row, options }: Unit): string[] {
  const { student, stages } = methods[row.method];
  if (student) return distilbertModel === null ? [stagePath('bert', { ...options, ...teacherRow }, 1)] : [];
  return stages.flatMap((stage, i) => (stage === 'heads' ? [] : [stagePath(row.method, options, i + 1)]));
}

/** The sentence of an error. What is wrong with the whole call is thrown on. */
function reasonOf(error: unknown): string {
  if (error instanceof PyramidError && error.code === 'MP_RESUME_MISMATCH') throw error;
  return error instanceof Error ? error.message : String(error);
}
