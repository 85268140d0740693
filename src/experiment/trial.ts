/**
 * One method on one task, from its starting network to its figures: trained, its tau set without the test rows, judged on the test rows, saved as a model folder and timed in the engine. Knows nothing of the other methods
 * but what they share: stages, and the baseline that a drop is counted from.
 */

import type { ClockFigures } from '../evaluate/clock-figures.ts';
import { chooseTau, type Judgement, judge, type Summary, type Trace, tradeoff } from '../evaluate/index.ts';
import { QUALITY_NAMES, qualityName, qualityOf } from '../evaluate/quality.ts';
import { measureClock } from '../measure/clock.ts';
import type { NetworkShape } from '../pyramid/shape.ts';
import { operations } from '../report/format.ts';
import { type MethodReport, type ReportRow, reportRow, type TrainingCurve } from '../report/index.ts';
import { isShare, qualityText } from '../report/quality-text.ts';
import type { Dataset } from '../text/index.ts';
import type { Checkpoints } from '../train/checkpoint/run-checkpoint.ts';
import type { Device } from '../train/device.ts';
import type { OnTrainEvent } from '../train/events.ts';
import { methods } from '../train/methods.ts';
import type { TrainOptions } from '../train/options/defaults.ts';
import { clockTrainedModel, writeTrainedModel } from '../train/output/trained-model.ts';
import { trainingCurves } from '../train/output/training-curves.ts';
import { runMetrics } from '../train/output/training-record.ts';
import type { MethodResult, SharedStages } from '../train/stages/run-method.ts';
import { stageSettings } from '../train/stages/stage-settings.ts';
import type { EncodedRows } from '../train/start/encoded-rows.ts';
import { checkDepth } from '../train/start/exit-heads.ts';
import type { Rows } from '../train/start/rows.ts';
import { rowsRecord } from '../train/start/rows-record.ts';
import type { Start } from '../train/start/starting-model.ts';
import type { ModelState } from '../train/state.ts';
import { chosenDial, setDial } from '../train/trace/set-dial.ts';
import { trainPyramid } from '../train/with-floor/train-pyramid.ts';
import { unlabelledOf } from '../train/with-floor/unlabelled-texts.ts';
import type { MethodRow } from './method-rows.ts';

/** All rows of a task; figures are of `test`. */
export interface TaskRows {
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset;
  /** They certify tau; none where null or left out. */
  readonly calibration?: Rows['calibration'];
  /** Training rows beyond the limit. */
  readonly beyond?: Rows['beyond'];
}
export type TaskSets = EncodedRows<TaskRows>;

export interface TrialPlan {
  readonly task: string;
  readonly row: MethodRow;
  readonly options: TrainOptions;
  /** What it is trained and judged on. */
  readonly device: Device;
  readonly start: Start;
  readonly rows: TaskRows;
  readonly sets: TaskSets;
  /** Plain BERT's accuracy, or what stands in its place (src/evaluate/quality.ts), on the validation rows; null: the network's own, without exits. */
  readonly baseline: number | null;
  /** Its milliseconds a text on the clock; null where it was not measured. */
  readonly bertMsPerText?: number | null;
  /**
   * How its tau is set. `paper`: the cheapest on the validation rows within `maxDrop` of `baseline`, as papers have it;
   * `train`: as `train` sets it, `maxDrop` counted from the same network run to the end.
   */
  readonly rule: 'paper' | 'train';
  /** Accuracy that the tau may cost, 0 to 1. */
  readonly maxDrop: number;
  /** The count that the tau makes smallest. */
  readonly by?: 'actual' | 'paper';
  /** The network that speed-ups are over. */
  readonly dense: NetworkShape;
  readonly teacher?: ModelState;
  readonly checkpoints?: Checkpoints | null;
  readonly shared?: SharedStages;
  /** Where the model goes; null: nowhere, and it is not timed. */
  readonly folder: string | null;
}

export interface Trial {
  readonly result: MethodResult;
  readonly validation: Trace;
  /** Of the rows kept apart; null: there are none. */
  readonly calibration: Trace | null;
  readonly test: Trace;
  readonly tau: number | null;
  /** Of the validation rows, at tau. */
  readonly onValidation: Judgement;
  /** Of the test rows, at tau. */
  readonly onTest: Judgement;
  readonly baseline: number;
  readonly msPerText: number | null;
}

/** Throws as training does. */
export async function runTrial(plan: TrialPlan, onEvent: OnTrainEvent): Promise<Trial> {
  const {
    row,
    options,
    device,
    start,
    rows,
    sets,
    maxDrop,
    by,
    dense,
    teacher,
    checkpoints,
    shared,
    folder,
    bertMsPerText,
  } = plan;
  const { exits } = methods[row.method];
  checkDepth(row.method, start.state.config.layers);
  const { pairs } = rows.train;
  const settings = stageSettings(options, rows.train, device);
  const pyramid = await trainPyramid({
    name: row.method,
    options,
    start: start.state,
    pairs,
    rows,
    tokenizer: start.tokenizer,
    unlabelled: await unlabelledOf(options, rows, (text) => onEvent({ kind: 'note', text })),
    train: sets.train,
    validation: sets.validation,
    settings,
    teacher,
    checkpoints,
    shared,
    onEvent: (event) => onEvent(event.kind === 'stage' ? { ...event, method: row.name } : event),
  });
  const { result, floor, exitTemperatures, answers, validation } = pyramid;
  const own = qualityOf(judge(validation, null));
  const baseline = plan.baseline ?? own;
  // what pruning has lost already is not the exits' to win back: they may then lose nothing more
  const paper = () =>
    chooseTau(validation, { baseline: Math.max(0, Math.min(baseline, own + maxDrop)), maxDrop, by, dense }).tau;
  const calibration =
    rows.calibration && sets.calibration ? await pyramid.trace(rows.calibration, sets.calibration) : null;
  const asTrained = () => setDial({ validation, calibration }, { ...options, maxDrop }, { by, dense });
  const dial = exits ? (plan.rule === 'paper' ? chosenDial(paper()) : asTrained()) : null;
  const tau = dial?.tau ?? null;
  const test = await pyramid.trace(rows.test, sets.test);
  const onTest = judge(test, tau, { dense });
  let clock: ClockFigures | null = null;
  if (folder !== null) {
    const metrics = runMetrics(judge(test, null, { dense }), onTest);
    const model = {
      options,
      row: row.name,
      start,
      rows,
      data: rowsRecord(rows),
      sets,
      result,
      floor,
      exitTemperatures,
      answers,
      dial,
      metrics,
    };
    await writeTrainedModel(folder, model);
    clock = await clockTrainedModel(folder, model, { measure: measureClock, on: 'test', bert: bertMsPerText }, onEvent);
  }
  return {
    result,
    validation,
    calibration,
    test,
    tau,
    onValidation: judge(validation, tau, { dense }),
    onTest,
    baseline,
    msPerText: clock?.msPerText ?? null,
  };
}

/** What came of it in one line: time, where it was measured, before accuracy, and operations last. */
export function trialSentence(
  label: string,
  { onTest, msPerText }: Pick<Trial, 'onTest' | 'msPerText'>,
  bertMsPerText: number | null,
): string {
  const over = (ms: number) =>
    bertMsPerText === null ? '' : ` (${(bertMsPerText / ms).toFixed(2)} times as fast as plain BERT)`;
  const figures = [
    ...(msPerText === null ? [] : [`${msPerText.toFixed(2)} ms a text${over(msPerText)}`]),
    isShare(onTest)
      ? `accuracy ${(100 * onTest.accuracy).toFixed(2)} %`
      : `${QUALITY_NAMES[qualityName(onTest)]} ${qualityText(onTest)}`,
    operations(onTest.speedup),
  ];
  return `${label}: ${figures.join(', ')}`;
}

export const trialRow = ({ task, row }: TrialPlan, { onTest, msPerText, result }: Trial): ReportRow =>
  reportRow(onTest, { task, method: row.name, msPerText, seconds: result.progress.seconds });

/** What the report's figures show of it, the curve over tau on the test rows among them. */
export function trialFigures({ task, row, dense }: TrialPlan, { onTest, test }: Trial): MethodReport {
  return { task, method: row.name, judgement: onTest, curve: curveOf(test, row, dense) };
}

/** The curve over tau; one point where there are no exits. */
export function curveOf(trace: Trace, { method }: MethodRow, dense: NetworkShape): readonly Summary[] {
  const curve = tradeoff(trace, { dense });
  return methods[method].exits ? curve : curve.slice(0, 1);
}

/** Of a trial's loss and validation figures. */
export const trialCurves = ({ task, row }: Pick<TrialPlan, 'task' | 'row'>, { result }: Trial): TrainingCurve[] =>
  trainingCurves(result.progress.history, { task, method: row.name });
