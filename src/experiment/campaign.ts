/**
 * Many runs on one disk: each (task, method, settings, seed) in a folder and a process of its own, shared stages trained
 * once, what is done not done again, and a run that fails marked with its reason while the others go on. Knows nothing of
 * which runs there are (reproduce.ts, sweep.ts) or how they are shown.
 */
import { PyramidError } from '../errors.ts';
import type { OnTrainEvent } from '../train/events.ts';
import type { GroupFacts } from './child/child-job.ts';
import { inChild } from './child/child-process.ts';
import { work } from './estimate.ts';
import { retainStages } from './stage-folder.ts';
import { readResult, type StoredResult } from './stored-result.ts';
import { type Campaign, stagesOf, type Terms, type Unit } from './unit.ts';

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
  const surveyed = await survey(campaign, groups, onEvent);
  const outcomes: Outcome[] = [];
  for (const [key, units] of groups) {
    const found = surveyed.get(key)!;
    if (typeof found !== 'string') outcomes.push(...(await runGroup(campaign, units, found, onEvent)));
    else {
      note(`${units[0].task}: failed, ${found}`);
      outcomes.push(...units.map((unit) => ({ unit, failed: found })));
    }
    await onGroup(outcomes);
  }
  return outcomes;
}

/**
 * Looks at all that is asked for before the first of it runs, and says how long it takes. Gives what it found of each
 * group; of one that cannot run, the reason.
 */
async function survey(
  { units: all, ...terms }: Campaign,
  groups: ReadonlyMap<string, readonly Unit[]>,
  onEvent: OnTrainEvent,
): Promise<Map<string, GroupFacts | string>> {
  const surveyed = new Map<string, GroupFacts | string>();
  let speed = 0;
  let total = 0;
  let left = 0;
  for (const [key, units] of groups) {
    try {
      const facts = await inChild({ kind: 'survey', terms, units, timed: speed === 0 }, units[0].task, onEvent);
      surveyed.set(key, facts);
      if (facts.open.length === 0) continue;
      speed ||= facts.speed ?? 0;
      const open = new Set(facts.open.map((i) => units[i]));
      total += work(units, open, facts.tokens, terms.distilbertModel === null);
      left += open.size;
    } catch (error) {
      surveyed.set(key, reasonOf(error));
    }
  }
  const minutes = Math.ceil(total / speed / 60);
  onEvent({
    kind: 'note',
    text:
      left === 0
        ? `${all.length} runs, all of them finished`
        : `${all.length} runs, ${left} of them left: about ${minutes} min on this machine (${Math.round(speed)} tokens a second)`,
  });
  return surveyed;
}

function groupsOf(units: readonly Unit[]): Map<string, Unit[]> {
  const groups = new Map<string, Unit[]>();
  for (const unit of units) {
    const key = `${unit.task} ${unit.seed}`;
    groups.set(key, [...(groups.get(key) ?? []), unit]);
  }
  return groups;
}

async function runGroup(
  { units: _, ...terms }: Campaign,
  units: readonly Unit[],
  { settings, open: undone }: GroupFacts,
  onEvent: OnTrainEvent,
): Promise<Outcome[]> {
  const [first] = units;
  const open = new Set(undone.map((i) => units[i]));
  const outcomes: Outcome[] = [];
  for (const [i, unit] of units.entries()) {
    const done = open.has(unit) ? null : await readResult(unit.folder, settings[i]);
    if (done) {
      outcomes.push({ unit, result: done });
      continue;
    }
    open.delete(unit);
    const later = stagesOfAll(terms, open);
    await retainStages(first.stagesFolder, [...stagesOf(terms, unit), ...later]);
    try {
      const bert = outcomes.find((outcome) => 'result' in outcome && outcome.result.method === 'bert');
      const plain = bert && 'result' in bert ? bert.result : null;
      const baseline = plain?.baseline ?? null;
      const bertMsPerText = plain?.clock.msPerText ?? null;
      const named: OnTrainEvent = (event) =>
        onEvent(event.kind === 'stage' ? { ...event, method: event.method.replace(unit.row.name, unit.label) } : event);
      await inChild({ kind: 'run', terms, unit, first, baseline, bertMsPerText, later }, unit.label, named);
      const result = await readResult(unit.folder, settings[i]);
      if (!result) throw new Error(`internal: ${unit.label} has left no result`);
      outcomes.push({ unit, result });
    } catch (error) {
      const failed = reasonOf(error);
      // it is tried again when the campaign goes on
      open.add(unit);
      onEvent({ kind: 'note', text: `${unit.label}: failed, ${failed}` });
      outcomes.push({ unit, failed });
    }
  }
  await retainStages(first.stagesFolder, stagesOfAll(terms, open));
  return outcomes;
}

const stagesOfAll = (terms: Terms, units: Iterable<Unit>): string[] =>
  [...units].flatMap((unit) => stagesOf(terms, unit));

/** The sentence of an error. What is wrong with the whole call is thrown on. */
function reasonOf(error: unknown): string {
  if (error instanceof PyramidError && error.code === 'MP_RESUME_MISMATCH') throw error;
  return error instanceof Error ? error.message : String(error);
}
