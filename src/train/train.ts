/**
 * Training, from options to a model folder. Begin here: `trainInto` is the whole path, and its parts are, in its order,
 * options/ (checked), output/ (the folder held), start/ (rows, encoder, tokens), stages/ (what the method runs, with step/
 * for one step and checkpoint/ for a run that is stopped), with-floor/ (stages and floor 0 together), trace/ (what is
 * judged), output/ (the folder written, and put on the clock by a function that is handed in).
 */

import { type ByLabel, byLabel } from '../evaluate/by-label.ts';
import type { ClockFigures, MeasureClock } from '../evaluate/clock-figures.ts';
import { judge } from '../evaluate/index.ts';
import { resumeSettings } from './checkpoint/resume-settings.ts';
import { Checkpoints } from './checkpoint/run-checkpoint.ts';
import { StoredAnswers } from './checkpoint/stored-answers.ts';
import { type Device, trainingDevice } from './device.ts';
import type { OnTrainEvent } from './events.ts';
import { methods } from './methods.ts';
import { unusedWithoutNetwork } from './options/affected.ts';
import type { TrainOptions } from './options/defaults.ts';
import { type GivenTrainOptions, resolveTrainOptions } from './options/resolve.ts';
import type { Reached } from './output/advice.ts';
import { figureSentences } from './output/figures.ts';
import { logged } from './output/log-file.ts';
import { withRunFolder } from './output/run-folder.ts';
import { writeRunReport, writeValidationTrace } from './output/run-report.ts';
import { clockTrainedModel, writeTrainedModel } from './output/trained-model.ts';
import { runMetrics } from './output/training-record.ts';
import { endWarnings } from './output/warnings.ts';
import { stepsNote } from './stages/few-rows.ts';
import { stageSettings } from './stages/stage-settings.ts';
import { countedRows, encodeRows, textNotes } from './start/encoded-rows.ts';
import { checkDepth } from './start/exit-heads.ts';
import { fittedTo } from './start/fitted-options.ts';
import { checkOwnLabels, labelNotes } from './start/label-counts.ts';
import { readRows } from './start/rows.ts';
import { rowsRecord } from './start/rows-record.ts';
import { startingModel } from './start/starting-model.ts';
import { type DialChoice, setDial } from './trace/set-dial.ts';
import type { FloorFacts } from './with-floor/learn-floor.ts';
import { trainPyramid } from './with-floor/train-pyramid.ts';
import { textsSetting, unlabelledOf } from './with-floor/unlabelled-texts.ts';

/** What came of a run. */
export interface TrainResult {
  /** The model folder. */
  readonly out: string;
  /** As in the options. */
  readonly method: string;
  /** null: the model has no early exit, or none is safe enough. */
  readonly tau: number | null;
  /** How tau came about; null: the model has no early exit. */
  readonly dial: DialChoice | null;
  /** Of the rows that were judged: accuracy without exits and at tau, F1, speed-ups in operations. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Of the rows that were judged, at tau: precision, recall and F1 of each label, and which is taken for which; null: they have numbers. */
  readonly byLabel: ByLabel | null;
  /** The test rows, where there are any. */
  readonly judgedOn: 'test' | 'validation';
  /** What its parts reach on the validation rows; null: there is no floor 0, or nothing else. */
  readonly reached: Reached | null;
  /** Time on the clock; null where it was not measured. */
  readonly clock: ClockFigures | null;
  /** From its begin to the folder, the clock of the finished model aside. */
  readonly seconds: number;
  /** What its own figures say against it, and what to do, as sentences. */
  readonly warnings: readonly string[];
}

/**
 * Trains by `method` and writes the model folder `out`; the library's form of it, with words of its own, is library.ts.
 */
export const train = async (
  options: GivenTrainOptions,
  onEvent: OnTrainEvent = () => {},
  signal?: AbortSignal,
): Promise<TrainResult> => runTraining(resolveTrainOptions(options), trainingDevice(), onEvent, signal);

/** As `train`, of options that are complete and checked. The finished model is put on the clock where `measure` is given. */
export const runTraining = (
  options: TrainOptions,
  device: Device,
  onEvent: OnTrainEvent,
  signal?: AbortSignal,
  measure?: MeasureClock,
): Promise<TrainResult> =>
  withRunFolder(options, onEvent, (out) => trainInto(out, options, device, logged(options, onEvent), signal, measure));

async function trainInto(
  out: string,
  given: TrainOptions,
  device: Device,
  onEvent: OnTrainEvent,
  signal?: AbortSignal,
  measure?: MeasureClock,
): Promise<TrainResult> {
  const started = performance.now();
  const note = (text: string) => onEvent({ kind: 'note', text });
  const { method } = given;
  const { network, student, exits } = methods[method];
  if (network && device.note !== null) note(device.note);

  const rows = await readRows(given, onEvent);
  const options = fittedTo(rows.train, given, note);
  checkOwnLabels(rows.train, options.yes);
  const { pairs } = rows.train;
  const unlabelled = await unlabelledOf(options, rows, note);
  const start = await startingModel(options, rows, student, onEvent);
  checkDepth(method, start.state.config.layers);
  if (options.model !== 'scratch' && start.fresh.length > 0)
    note(`new weights, drawn from the seed: ${start.fresh.join(', ')}`);
  const unused = network ? [] : unusedWithoutNetwork(options);
  if (unused.length > 0) note(`without a network there is no use for ${unused.join(', ')}`);
  const settings = stageSettings(options, rows.train, device);
  const sets = network
    ? encodeRows(start.tokenizer, rows, options.maxLength, settings.batchSize)
    : countedRows(start.tokenizer, rows, options.maxLength);
  const steps = network ? stepsNote(settings, options, rows.train.examples.length) : null;
  if (steps !== null) note(steps);
  for (const text of [...textNotes(rows, sets, network ? options.maxLength : null), ...labelNotes(rows)]) note(text);

  const checkpoints = new Checkpoints(out, { ...resumeSettings(options, rows), ...textsSetting(unlabelled) });
  // floor 0 alone reads a text once: many rows then leave memory as it does
  const data = rowsRecord(rows);
  const pyramid = await trainPyramid({
    name: method,
    options,
    start: start.state,
    pairs,
    rows,
    letsGo: !network,
    tokenizer: start.tokenizer,
    unlabelled,
    train: sets.train,
    validation: sets.validation,
    settings,
    checkpoints,
    onEvent,
    signal,
  });

  const { result, floor, exitTemperatures, answers, validation } = pyramid;
  const calibration =
    rows.calibration && sets.calibration ? await pyramid.trace(rows.calibration, sets.calibration) : null;
  const dial = exits ? setDial({ validation, calibration }, options) : null;
  const tau = dial?.tau ?? null;
  const judged = rows.test && sets.test ? await pyramid.trace(rows.test, sets.test) : validation;
  const metrics = runMetrics(judge(judged, null), judge(judged, tau));
  const labels = byLabel(judged, tau);

  const seconds = (performance.now() - started) / 1000;
  const model = {
    options,
    start,
    rows,
    data,
    sets,
    result,
    floor,
    exitTemperatures,
    answers,
    dial,
    metrics,
    byLabel: labels,
  };
  await writeTrainedModel(out, model);
  await writeValidationTrace(out, validation, options.seed);
  await checkpoints.remove();
  await new StoredAnswers(checkpoints.path).remove();
  const clock = measure ? await clockTrainedModel(out, model, { measure, on: 'validation', signal }, onEvent) : null;
  // floor 0 and network are compared by answers that are right or wrong
  const reached = floor && answers === null ? reachedBy(floor.facts, judge(validation, tau).accuracy) : null;
  const judgedOn: TrainResult['judgedOn'] = rows.test ? 'test' : 'validation';
  const { history } = result.progress;
  const held = rows.validation.examples.length;
  const warnings = endWarnings({ byLabel: labels, judgedOn, history, rows: held, keep: options.keep });
  const done: TrainResult = {
    out,
    method,
    tau,
    dial,
    metrics,
    byLabel: labels,
    judgedOn,
    reached,
    clock,
    seconds,
    warnings,
  };
  await writeRunReport(out, {
    ...{ options, rows: rows.test ?? rows.validation, judgedOn, judged, tau, history },
    ...{
      seconds: result.progress.seconds,
      msPerText: clock?.msPerText ?? null,
      sentences: [...figureSentences(done, out), ...warnings],
    },
  });
  return done;
}

const reachedBy = ({ accuracy: { floor, network }, unlabelled }: FloorFacts, pyramid: number): Reached | null =>
  network === null ? null : { floor, network, pyramid, unlabelled };
