/**
 * The demo: the paper's five methods, `mp+` (joint, pooled exit heads) and `linear`, each trained from scratch on real e-mail,
 * judged on held-out mails and timed in the engine; a table, a report, and a model folder of each. Stages that methods share
 * run once.
 */

import { join, resolve } from 'node:path';
import { writeTrace } from '../../evaluate/index.ts';
import { folderName, METHOD_ROWS, type MethodRow, USUAL_ROWS } from '../../experiment/method-rows.ts';
import {
  runTrial,
  type TrialPlan,
  trialCurves,
  trialFigures,
  trialRow,
  trialSentence,
} from '../../experiment/trial.ts';
import { EXAMPLES_FILE } from '../../pyramid/folder/examples.ts';
import { shapeOf } from '../../pyramid/shape.ts';
import { type MethodReport, type ReportRow, type TrainingCurve, toJson, writeReport } from '../../report/index.ts';
import type { Device } from '../../train/device.ts';
import type { OnTrainEvent } from '../../train/events.ts';
import { methods } from '../../train/methods.ts';
import { resolveTrainOptions } from '../../train/options/resolve.ts';
import { withOut } from '../../train/output/out-folder.ts';
import { versions } from '../../train/output/versions.ts';
import type { SharedStages } from '../../train/stages/run-method.ts';
import { encodeRows } from '../../train/start/encoded-rows.ts';
import { startingModel } from '../../train/start/starting-model.ts';
import { writeWhole } from '../../write-whole.ts';
import type { DemoOptions } from '../commands/demo.ts';
import { thousands } from '../output/format.ts';
import type { DemoResult } from '../services.ts';
import { corpusSentence, loadCorpus } from './corpus.ts';
import { demoExamples, writeRows } from './demo-rows.ts';

/** A network that two cores train in minutes. */
const SETTINGS = {
  model: 'scratch',
  vocabularySize: 8000,
  layers: 4,
  hiddenSize: 128,
  heads: 2,
  maxLength: 96,
  learningRate: 5e-4,
  epochs: { regular: 3, soft: 1, hard: 2, heads: 6 },
  delta: 0.02,
  lambda: 0.05,
  // the defaults of these were found on a pretrained network, and have not been tried on one that starts from nothing
  jointFrom: 'regular',
  jointTargets: 'labels',
  headLearningRate: 1e-3,
  pooledDropout: 0,
} as const;

/** Models and reports of an earlier demo are replaced. Throws MP_OUT_EXISTS, MP_OUT_BUSY, MP_DEMO_PACKAGE, MP_WRITE. */
export function runDemo(
  options: Pick<DemoOptions, 'out' | 'seed'>,
  device: Device,
  onEvent: OnTrainEvent,
): Promise<DemoResult> {
  return withOut(resolve(options.out), { resume: true, isRun: () => false }, onEvent, () =>
    demoInto(options, device, onEvent),
  );
}

async function demoInto(
  { out, seed }: Pick<DemoOptions, 'out' | 'seed'>,
  device: Device,
  onEvent: OnTrainEvent,
): Promise<DemoResult> {
  const note = (text: string) => onEvent({ kind: 'note', text });
  note('reading the SpamAssassin corpus');
  const corpus = await loadCorpus(seed);
  const { train, validation, test } = corpus;
  note(corpusSentence(corpus));
  const files = await writeRows(resolve(out, 'rows'), corpus);
  const optionsOf = ({ method, exits }: MethodRow) =>
    resolveTrainOptions({
      ...SETTINGS,
      ...exits,
      method,
      out: join(out, 'models', method),
      ...files,
      seed,
    });
  const table = USUAL_ROWS.map((name) => METHOD_ROWS.get(name)!);
  const full = await startingModel(optionsOf(table[0]), corpus, false);
  const sets = encodeRows(full.tokenizer, corpus, SETTINGS.maxLength);
  note(
    `a vocabulary of ${full.tokenizer.vocabularySize} word pieces; ${sets.train.truncated} of ${train.examples.length} mails are longer than ${SETTINGS.maxLength} tokens and are truncated`,
  );

  const shared: SharedStages = new Map();
  const rows: ReportRow[] = [];
  const models: { name: string; dir: string }[] = [];
  const reports: MethodReport[] = [];
  const curves: TrainingCurve[] = [];
  const dense = shapeOf(full.state.config);
  let baseline: number | null = null;
  let bertMsPerText: number | null = null;
  for (const row of table) {
    const options = optionsOf(row);
    const folder = join(out, 'models', folderName(row.name));
    const plan: TrialPlan = {
      task: 'spam_assassin',
      row,
      options,
      device,
      start: methods[row.method].student ? await startingModel(options, corpus, true) : full,
      rows: corpus,
      sets,
      baseline,
      bertMsPerText,
      rule: 'train',
      maxDrop: options.maxDrop,
      dense,
      shared,
      folder,
    };
    const trial = await runTrial(plan, onEvent);
    await writeTrace(join(folder, 'trace.jsonl'), trial.test);
    models.unshift({ name: folderName(row.name), dir: folder }); // mp+, the last, is the first to be looked at
    baseline ??= trial.baseline;
    rows.push(trialRow(plan, trial));
    reports.push(trialFigures(plan, trial));
    curves.push(...trialCurves(plan, trial));
    note(trialSentence(row.name, trial, bertMsPerText));
    bertMsPerText ??= trial.msPerText;
  }
  const points = 100 * optionsOf(table[0]).maxDrop;
  const report = {
    title: 'Ham or spam: seven ways to spend less',
    introduction: [
      `${thousands(test.examples.length)} held-out e-mails of the SpamAssassin corpus, classified by networks of ${SETTINGS.layers} layers of ${SETTINGS.hiddenSize} trained from scratch on ${thousands(train.examples.length - corpus.everyday.train)} others and on ${corpus.everyday.train} everyday messages that we wrote; the row linear has no network, only a linear model of the words. The uncertainty threshold tau of each is the fastest on ${thousands(validation.examples.length)} validation mails whose estimated drop from the same network run to the end, two standard errors added, is at most ${points} ${points === 1 ? 'point' : 'points'}: chosen, not certified.`,
    ],
    facts: { seed: String(seed), ...versions() },
    rows,
    methods: reports,
    training: curves,
  };
  await writeReport(out, report);
  // beside each model too, for the page that it is opened in
  const examples = JSON.stringify(demoExamples(corpus), null, 1);
  for (const { dir } of models) {
    await writeWhole(join(dir, 'report.json'), toJson(rows));
    await writeWhole(join(dir, EXAMPLES_FILE), `${examples}\n`);
  }
  return { rows, report: join(out, 'report.html'), models };
}
