/** training.json: what a model was trained with and on, and what came of it. */
import type { ClockFigures } from '../../evaluate/clock-figures.ts';
import type { Judgement } from '../../evaluate/index.ts';
import { qualityName, qualityOf } from '../../evaluate/quality.ts';
import { methods } from '../methods.ts';
import { resolvedConfig } from '../options/resolve.ts';
import { startingDelta } from '../stages/run-method.ts';
import type { TrainedModel } from './trained-model.ts';
import { versions } from './versions.ts';

/** `clock`: null before the folder is written, and where it could not be measured. */
export function trainingRecord(
  { options, row, data, sets, result, floor, dial, metrics, byLabel }: TrainedModel,
  clock: ClockFigures | null,
): object {
  return {
    options: resolvedConfig(options),
    ...(row !== undefined && { row }),
    seed: options.seed,
    versions: versions(),
    data,
    metrics,
    ...(byLabel && { byLabel }),
    clock,
    tau: dial?.tau ?? null,
    dial,
    ...(methods[options.method].prunes && { delta: startingDelta(options.delta, sets.train) }),
    ...(floor && { floor: floor.facts }),
    epochs: result.progress.history,
    seconds: result.progress.seconds,
  };
}

/** The figures of the rows that were judged: without exits, and at the tau that was chosen. */
export function runMetrics(off: Judgement, chosen: Judgement): Record<string, number> {
  return {
    ...targetMetrics(off, chosen),
    ...(Number.isNaN(off.accuracy) ? {} : { accuracy: off.accuracy }),
    ...(off.f1 === null ? {} : { f1: off.f1 }),
    ...(chosen.tau === null || Number.isNaN(chosen.accuracy) ? {} : { accuracyAtTau: chosen.accuracy }),
    ...(chosen.speedup.paper === null ? {} : { speedupPaper: chosen.speedup.paper }),
    ...(chosen.speedup.actual === null ? {} : { speedupActual: chosen.speedup.actual }),
    meanExit: chosen.meanExit,
  };
}

/** Of rows that have no one label, their own figures first. */
function targetMetrics(off: Judgement, chosen: Judgement): Record<string, number> {
  const name = qualityName(off);
  if (name === 'accuracy') return {};
  const { macroF1, hammingLoss, pearson, spearman, meanSquaredError, standardDeviation } = off;
  const others: Record<string, number | undefined> =
    name === 'microF1' ? { macroF1, hammingLoss } : { pearson, spearman, meanSquaredError, standardDeviation };
  return {
    [name]: qualityOf(off),
    ...(chosen.tau === null ? {} : { [`${name}AtTau`]: qualityOf(chosen) }),
    ...(others as Record<string, number>),
  };
}
