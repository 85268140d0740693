/**
 * Many runs on one disk: each (task, method, settings, seed) in a folder of its own, shared stages trained once, what is
 * done not done again, and a run that fails marked with its reason while the others go on. Knows nothing of which
 * runs there are (reproduce.ts, sweep.ts) or how they are shown.
 */
import { PyramidError } from '../../errors.ts';
import { subsample } from '../../text/index.ts';
import type { EncodedSet } from '../batch.ts';
import type { OnTrainEvent } from '../events.ts';
import { readRows, startingModel } from '../prepare.ts';
import { comparable } from '../run.ts';
import { stepSpeed, work } from './estimate.ts';
import { StageFolder } from './stage-folder.ts';
import { readResult, type StoredResult } from './stored-result.ts';
import { encodeRows } from './trial.ts';
import { type Campaign, type Group, stagesOf, type Unit } from './unit.ts';
import { runUnit } from './unit-run.ts';

export type Outcome =
  | { readonly unit: Unit; readonly result: StoredResult }
  | { readonly unit: Unit; readonly failed: string };

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
    jointFrom: _f,
    jointWeight: _w,
    method: _m,
    headLearningRate: _r,
    jointTargets: _g,
    jointHeadLearningRate: _j,
    pooledDropout: _p,
    headBatchSize: _b,
    epochs: _n,
    ...common
  } = comparable(options, group.rows);
  const { heads: _own, ...epochs } = options.epochs;
  const shared = { ...common, epochs: JSON.stringify(epochs) };
  const stages = new StageFolder(campaign.stagesFolder(task, seed), full.state.config, shared);
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

/** The sentence of an error. What is wrong with the whole call is thrown on. */
function reasonOf(error: unknown): string {
  if (error instanceof PyramidError && error.code === 'MP_RESUME_MISMATCH') throw error;
  return error instanceof Error ? error.message : String(error);
}
