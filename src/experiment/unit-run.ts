/** One run of a campaign, from its group's rows to its result file. */

import { join } from 'node:path';
import { cheapest, type Judgement, judge, type Summary, tradeoff, writeTrace } from '../evaluate/index.ts';
import { shapeOf } from '../pyramid/shape.ts';
import { Checkpoints } from '../train/checkpoint/run-checkpoint.ts';
import { StoredAnswers } from '../train/checkpoint/stored-answers.ts';
import type { Device } from '../train/device.ts';
import type { OnTrainEvent } from '../train/events.ts';
import { methods } from '../train/methods.ts';
import { runMethod } from '../train/stages/run-method.ts';
import { stageSettings } from '../train/stages/stage-settings.ts';
import { encodeRows } from '../train/start/encoded-rows.ts';
import { startingModel } from '../train/start/starting-model.ts';
import type { ModelState } from '../train/state.ts';
import { attentionExamples } from './attention.ts';
import type { Group } from './group.ts';
import type { StageFolder } from './stage-folder.ts';
import { dialOf, TRACES, tracePath } from './stored-dial.ts';
import { type StoredResult, writeResult } from './stored-result.ts';
import { curveOf, runTrial, type Trial, type TrialPlan, trialCurves, trialSentence } from './trial.ts';
import { type Terms, teacherRow, type Unit } from './unit.ts';

/** Drops that a reader may want to read off, beside the campaign's own. */
const DROPS = [0, 0.005, 0.01, 0.02];

/**
 * `baseline`, `bertMsPerText`: plain BERT's accuracy on the validation rows and its time on the clock; null where there is
 * none. Throws as training does.
 */
export async function runUnit(
  terms: Terms,
  device: Device,
  { rows, full, sets, settings }: Group,
  unit: Unit,
  stages: StageFolder,
  { baseline, bertMsPerText }: { readonly baseline: number | null; readonly bertMsPerText: number | null },
  onEvent: OnTrainEvent,
): Promise<StoredResult> {
  const { task, row, seed, options, folder, label } = unit;
  const { student, exits, prunes } = methods[row.method];
  const given = student ? terms.distilbertModel : null;
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
    device,
    start,
    rows,
    sets: given === null ? sets : encodeRows(start.tokenizer, rows, options.maxLength),
    baseline,
    bertMsPerText,
    rule: 'paper',
    maxDrop: terms.maxDrop,
    by: terms.by,
    dense: shapeOf(full.state.config),
    teacher:
      student && given === null
        ? await teacherOf(unit, device, { rows, full, sets }, stages, settings(unit), onEvent)
        : undefined,
    checkpoints,
    shared: given === null ? stages : undefined,
    folder: terms.keepModels ? join(folder, 'model') : null,
  };
  const trial = await runTrial(plan, onEvent);
  if (terms.keepModels) {
    for (const name of TRACES) {
      const trace = trial[name];
      if (trace) await writeTrace(tracePath(folder, name), trace);
    }
  }
  const { compile } = stageSettings(options, rows.train, device);
  const attention =
    terms.keepModels && prunes
      ? await attentionExamples(trial.result.state, plan.sets.test, start.tokenizer, {
          task,
          method: row.name,
          compile,
        })
      : [];
  const dial = exits && terms.confidence !== null ? dialOf(trial, terms, { seed, dense: plan.dense }) : undefined;
  const result = storedResult(plan, trial, { seed, settings: settings(unit), attention, exits, dial });
  await writeResult(folder, result);
  await checkpoints.remove();
  await new StoredAnswers(checkpoints.path).remove();
  await teacherCheckpoints(unit, settings(unit)).remove();
  onEvent({
    kind: 'note',
    text: trialSentence(label, trial, bertMsPerText),
  });
  return result;
}

function storedResult(
  plan: TrialPlan,
  trial: Trial,
  {
    seed,
    settings,
    attention,
    exits,
    dial,
  }: Pick<StoredResult, 'seed' | 'settings' | 'attention' | 'dial'> & { exits: boolean },
): StoredResult {
  const { task, row, dense, rows, sets } = plan;
  const { validation, test, result, tau, baseline, onTest, msPerText } = trial;
  const onValidation = summaryOf(trial.onValidation);
  const points = exits ? tradeoff(validation, { dense }) : [];
  const drops = DROPS.flatMap((maxDrop) =>
    (['paper', 'actual'] as const).map((by) => {
      const chosen = exits ? cheapest(points, baseline - maxDrop, by).tau : null;
      return { maxDrop, by, point: summaryOf(judge(test, chosen, { dense })) };
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
    validation: onValidation,
    test: onTest,
    curve: curveOf(test, row, dense),
    drops,
    ...(dial && { dial }),
    training: trialCurves(plan, trial),
    attention,
    data: {
      labels: rows.train.labels.length,
      pairs: rows.train.pairs,
      train: rows.train.examples.length,
      validation: rows.validation.examples.length,
      ...(rows.calibration && { calibration: rows.calibration.examples.length }),
      test: rows.test.examples.length,
      tokens: sets.test.lengths.reduce((sum, length) => sum + length, 0) / sets.test.lengths.length,
      cut: sets.test.truncated / sets.test.lengths.length,
    },
    thresholds: result.state.thresholds && Array.from(result.state.thresholds),
  };
}

function summaryOf({
  byLength: _,
  exitsByLayer: _e,
  exitsAtFloor: _f,
  tokensByLayer: _t,
  ...summary
}: Judgement): Summary {
  return summary;
}

/** Plain BERT on the task: from its run, or trained here. */
async function teacherOf(
  { folder, options, row }: Unit,
  device: Device,
  { rows, full, sets }: Omit<Group, 'settings'>,
  stages: StageFolder,
  settings: Record<string, string>,
  onEvent: OnTrainEvent,
): Promise<ModelState> {
  const checkpoints = teacherCheckpoints({ folder }, settings);
  const { state } = await runMethod({
    name: 'bert',
    options: { ...options, ...teacherRow },
    start: full.state,
    pairs: rows.train.pairs,
    train: sets.train,
    validation: sets.validation,
    settings: stageSettings({ ...options, ...teacherRow }, rows.train, device),
    checkpoints,
    shared: stages,
    onEvent: (event) => onEvent(event.kind === 'stage' ? { ...event, method: `${row.name}'s teacher` } : event),
  });
  return state;
}

/** Kept until the student is done: a run that goes on has its teacher from there. */
const teacherCheckpoints = ({ folder }: Pick<Unit, 'folder'>, settings: Record<string, string>): Checkpoints =>
  new Checkpoints(join(folder, 'teacher'), settings);
