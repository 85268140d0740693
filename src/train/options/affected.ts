/**
 * What follows from the column `affects` of the option table: which options a stage's result hangs on, which a run's does,
 * and so what may be shared between runs and what must agree for one to be resumed. Nobody else lists options for that.
 */
import { exits, readsEnteringRows } from '../../pyramid/exits/exits.ts';
import { hasFloor, headsJoin, type StageName, stageList } from '../methods.ts';
import type { Effect } from './choices.ts';
import { type TrainOptions, trainTable } from './defaults.ts';

type Key = keyof TrainOptions;
const KEYS = Object.keys(trainTable) as Key[];

/** A row that does not say is a fault of ours: guessed, two runs could share a stage that is not the same. */
export function effectsOf(key: Key): readonly Effect[] {
  const { affects } = trainTable[key];
  if (!affects) throw new Error(`internal: the option table does not say what ${key} affects`);
  return affects as readonly Effect[];
}

/** Whether exit heads learn with the network in a stage of `options`' method; never in the heads stage. */
export function joinsAt(stage: StageName, options: TrainOptions): boolean {
  const join = headsJoin(options.method, options);
  return stage !== 'heads' && (join === 'regular' || (join === 'soft' && stage !== 'regular'));
}

/** What a stage's own result hangs on beside the stages before it and what all of the run has: option to value, as JSON. */
export function stageOptions(stage: StageName, options: TrainOptions): Record<string, string> {
  const effects: readonly Effect[] = joinsAt(stage, options) ? [stage, 'joint'] : [stage];
  const entries = chosen(options, effects).map(([key, value]): [string, string] =>
    key === 'epochs' ? [key, String(options.epochs[stage])] : [key, value],
  );
  return Object.fromEntries(entries);
}

/** What stages of several runs must have in common to be shared, beside what leads to them. */
export const commonOptions = (options: TrainOptions): Record<string, string> =>
  Object.fromEntries(chosen(options, ['rows', 'run']));

/** What must agree for a run to be resumed: all that changes its result, and nothing of stages that it does not have. */
export function runOptions(options: TrainOptions): Record<string, string> {
  const stages = [...new Set(stageList(options.method, options))];
  const own = Object.assign({}, ...stages.map((stage) => stageOptions(stage, options))) as Record<string, string>;
  return {
    ...Object.fromEntries(chosen(options, ['rows', 'run', 'stages'])),
    ...floorOptions(options),
    ...own,
    epochs: JSON.stringify(Object.fromEntries(stages.map((stage) => [stage, options.epochs[stage]]))),
  };
}

/** None where there is no floor 0, so that a run of the paper's goes on as before there was one. */
const floorOptions = (options: TrainOptions): Record<string, string> =>
  hasFloor(options) ? Object.fromEntries(chosen(options, ['floor'])) : {};

const chosen = (options: TrainOptions, effects: readonly Effect[]): [Key, string][] =>
  KEYS.filter((key) => effectsOf(key).some((effect) => effects.includes(effect)))
    .filter((key) => key !== 'pooledDropout' || mayReadRows(options.exitHead))
    .map((key) => [key, JSON.stringify(options[key])]);

/** What is left out of rows changes nothing for an exit that reads none. */
const mayReadRows = (exitHead: TrainOptions['exitHead']): boolean =>
  exitHead === 'auto' || readsEnteringRows(exits[exitHead]);

const OF_NETWORKS: readonly Effect[] = ['regular', 'soft', 'hard', 'heads', 'joint', 'network'];

/** Options that were given another value than their default and mean nothing where there is no network. */
export const unusedWithoutNetwork = (options: TrainOptions): Key[] =>
  KEYS.filter((key) => {
    const effects = effectsOf(key);
    const ofNetwork = effects.some((effect) => OF_NETWORKS.includes(effect)) && !effects.includes('floor');
    return ofNetwork && JSON.stringify(options[key]) !== JSON.stringify(trainTable[key].default);
  });
