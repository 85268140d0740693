/**
 * How long a campaign will take: the tokens that its stages and judgements read, weighted by what a token costs in each,
 * over the tokens a second that a few steps reach here. A guess to plan by, not a promise.
 */
import { trainingBatches } from '../text/index.ts';
import type { Device } from '../train/device.ts';
import type { OnTrainEvent } from '../train/events.ts';
import { methods, type StageName, stageList } from '../train/methods.ts';
import { stagePath } from '../train/stages/run-method.ts';
import { stageSettings } from '../train/stages/stage-settings.ts';
import { createStageStep } from '../train/stages/stage-steps.ts';
import type { Start } from '../train/start/starting-model.ts';
import { copyState } from '../train/state.ts';
import type { TaskRows, TaskSets } from './trial.ts';
import type { Unit } from './unit.ts';

/** Of a task's rows. */
export interface Tokens {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** A pass without gradients costs a third of a step; the rest is what runs of MiniLM showed. */
const FORWARD = 1 / 3;
const STUDENT = 1 / 2;
/** A token of a stage, against one of the regular stage. The heads stage is one pass, whatever its epochs. */
const COST: { readonly [S in StageName]: number } = { regular: 1, soft: 1.1, hard: 0.7, heads: FORWARD };

const STEPS = 3;

/** Tokens a second in the regular stage. Trains a copy for a few steps. */
export async function stepSpeed(
  start: Start,
  { train }: TaskSets,
  rows: TaskRows,
  { options }: Unit,
  device: Device,
): Promise<number> {
  const onEvent: OnTrainEvent = () => {};
  const settings = stageSettings(options, rows.train, device);
  const step = await createStageStep({
    stage: 'regular',
    prunes: false,
    state: copyState(start.state),
    train,
    settings: { ...settings, jointWeight: 0 },
    onEvent,
  });
  try {
    const batches = trainingBatches(train.lengths, {
      batchSize: options.batchSize,
      seed: options.seed,
      path: ['speed'],
    });
    // the first allocates
    await step.run([batches[0]], 1, 1, 'speed');
    const timed = Array.from({ length: STEPS }, (_, i) => batches[(i + 1) % batches.length]);
    const started = performance.now();
    for (const [i, batch] of timed.entries()) await step.run([batch], 1, i + 2, 'speed');
    const seconds = (performance.now() - started) / 1000;
    return timed.reduce((sum, batch) => sum + step.tokens(batch), 0) / seconds;
  } finally {
    await step.close();
  }
}

/** Tokens of the regular stage that cost as much as the units that are `open`, each shared stage once. */
export function work(units: readonly Unit[], open: ReadonlySet<Unit>, tokens: Tokens, taught: boolean): number {
  const trained = new Set<string>();
  let total = 0;
  for (const unit of units) {
    if (!open.has(unit)) continue;
    const { row, options } = unit;
    const { network, student } = methods[row.method];
    if (!network) continue; // seconds
    stageList(row.method, options).forEach((stage, i) => {
      const path = stagePath(row.method, options, i + 1);
      if (trained.has(path)) return;
      trained.add(path);
      const passes = stage === 'heads' ? 1 : options.epochs[stage];
      const depth = student ? STUDENT + (taught ? FORWARD : 0) : 1;
      total += depth * COST[stage] * tokens.train * passes;
      total += (student ? STUDENT : 1) * FORWARD * tokens.validation * passes;
    });
    total += (student ? STUDENT : 1) * FORWARD * (tokens.validation + tokens.test);
  }
  return total;
}
