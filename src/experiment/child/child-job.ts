/**
 * What a campaign gives to a child process, what the child says, and the work itself, which knows nothing of processes:
 * a look at a group before any of it runs, or one run. All of it is data that the channel between the two can carry.
 */
import { shapeOf } from '../../pyramid/shape.ts';
import type { SentError } from '../../sent-error.ts';
import type { EncodedSet } from '../../train/batch.ts';
import type { Device } from '../../train/device.ts';
import type { OnTrainEvent, TrainEvent } from '../../train/events.ts';
import { stepSpeed, type Tokens } from '../estimate.ts';
import { readGroup, sharedSettings } from '../group.ts';
import { StageFolder } from '../stage-folder.ts';
import { completeDial } from '../stored-dial.ts';
import { readResult } from '../stored-result.ts';
import type { Terms, Unit } from '../unit.ts';
import { runUnit } from '../unit-run.ts';

/** Answered with the group's `GroupFacts`. */
export interface SurveyJob {
  readonly kind: 'survey';
  readonly terms: Terms;
  /** All of a task and seed. */
  readonly units: readonly Unit[];
  /** Whether to take the time of some steps, if there is something to do. */
  readonly timed: boolean;
}

/** Answered with null: what it found is in its result file. */
export interface RunJob {
  readonly kind: 'run';
  readonly terms: Terms;
  readonly unit: Unit;
  /** Of its task and seed. */
  readonly first: Unit;
  /** Plain BERT's accuracy on the validation rows; null where there is none. */
  readonly baseline: number | null;
  /** Its milliseconds a text on the clock; null where there is none. */
  readonly bertMsPerText: number | null;
  /** The shared stages that runs to come build on. */
  readonly later: readonly string[];
}

export type Job = SurveyJob | RunJob;
export type Answer<J extends Job> = J extends SurveyJob ? GroupFacts : null;

export interface GroupFacts {
  /** Of each unit, in their order. */
  readonly settings: readonly Readonly<Record<string, string>>[];
  /** Places of the units that are not done yet. */
  readonly open: readonly number[];
  readonly tokens: Tokens;
  /** Tokens a second; null where it was not measured. */
  readonly speed: number | null;
}

export type FromChild =
  | { readonly kind: 'event'; readonly event: TrainEvent }
  | { readonly kind: 'done'; readonly answer: GroupFacts | null }
  | { readonly kind: 'failed'; readonly error: SentError };

/** Throws as reading and training do; MP_RESUME_MISMATCH if what is on disk is of other settings. */
export function doJob(job: Job, device: Device, onEvent: OnTrainEvent): Promise<GroupFacts | null> {
  return job.kind === 'survey' ? survey(job, device, onEvent) : run(job, device, onEvent);
}

async function survey({ terms, units, timed }: SurveyJob, device: Device, onEvent: OnTrainEvent): Promise<GroupFacts> {
  const { rows, full, sets, settings: settingsOf } = await readGroup(terms, units[0], onEvent);
  const settings = units.map(settingsOf);
  const open: number[] = [];
  for (const [i, unit] of units.entries()) {
    const result = await readResult(unit.folder, settings[i]);
    if (result) await completeDial(unit, result, terms, shapeOf(full.state.config));
    else open.push(i);
  }
  const tokens = ({ lengths }: EncodedSet) => lengths.reduce((sum, length) => sum + length, 0);
  return {
    settings,
    open,
    tokens: { train: tokens(sets.train), validation: tokens(sets.validation), test: tokens(sets.test) },
    speed: timed && open.length > 0 ? await stepSpeed(full, sets, rows, units[open[0]], device) : null,
  };
}

async function run(
  { terms, unit, first, baseline, bertMsPerText, later }: RunJob,
  device: Device,
  onEvent: OnTrainEvent,
): Promise<null> {
  const group = await readGroup(terms, first, onEvent);
  const settings = sharedSettings(first, group.rows);
  const stages = new StageFolder(unit.stagesFolder, group.full.state.config, { settings, later });
  await runUnit(terms, device, group, unit, stages, { baseline, bertMsPerText }, onEvent);
  return null;
}
