/**
 * The demo: the paper's five methods and `mp+` (joint, pooled exit heads), each trained from scratch on real e-mail,
 * judged on held-out mails and timed in the engine; a table, a report, and six model folders. Stages that methods share
 * run once.
 */
import { join } from 'node:path';
import { Pyramid } from '../../engine/index.ts';
import {
  chooseTau,
  judge,
  type MethodReport,
  type ReportRow,
  reportRow,
  type Summary,
  type TrainingCurve,
  tradeoff,
  writeReport,
} from '../../evaluate/index.ts';
import type { NetworkShape } from '../../pyramid/flops.ts';
import { json, writeModelFolder } from '../../pyramid/model-folder.ts';
import type { Dataset } from '../../text/example.ts';
import type { EncodedSet } from '../../train/batch.ts';
import type { MethodName, TrainOptions } from '../../train/defaults.ts';
import type { OnTrainEvent } from '../../train/events.ts';
import { type MethodResult, runMethod, type SharedStages } from '../../train/method-run.ts';
import { methods } from '../../train/methods.ts';
import { modelCard } from '../../train/model-card.ts';
import { resolvedConfig, resolveTrainOptions } from '../../train/options.ts';
import { encodeSet, fingerprint, type Start, startingModel } from '../../train/prepare.ts';
import { folderModel, pyramidInfo, stageSettings, traceState, versions } from '../../train/run.ts';
import type { DemoOptions } from '../commands/demo.ts';
import { type Corpus, loadCorpus } from './corpus.ts';

/** A row of the demo's table: what differs from the common settings. */
interface DemoRow {
  readonly name: string;
  readonly method: MethodName;
  readonly exits: Pick<TrainOptions, 'exitHead' | 'exitTraining'>;
}

const PAPER = { exitHead: 'cls', exitTraining: 'frozen' } as const;
const ROWS: readonly DemoRow[] = [
  { name: 'bert', method: 'bert', exits: PAPER },
  { name: 'distilbert', method: 'distilbert', exits: PAPER },
  { name: 'ltp', method: 'ltp', exits: PAPER },
  { name: 'fastbert', method: 'fastbert', exits: PAPER },
  { name: 'mp', method: 'mp', exits: PAPER },
  { name: 'mp+', method: 'mp', exits: { exitHead: 'pooled', exitTraining: 'joint' } },
];

/** A network that two cores train in minutes. */
const SETTINGS = {
  model: 'scratch',
  vocabularySize: 8000,
  layers: 4,
  hiddenSize: 128,
  heads: 2,
  maxLength: 64,
  learningRate: 5e-4,
  epochs: { regular: 3, soft: 1, hard: 1, heads: 6 },
  delta: 0.02,
  lambda: 0.05,
} as const;

/** Accuracy that a halt value may cost on the validation mails, against plain BERT. */
const MAX_DROP = 0.005;
/** Texts that are classified on the clock, in one call. */
const TIMED_TEXTS = 1000;

export interface DemoResult {
  readonly rows: readonly ReportRow[];
  readonly report: string;
}

export async function runDemo(
  { out, seed }: Pick<DemoOptions, 'out' | 'seed'>,
  onEvent: OnTrainEvent,
): Promise<DemoResult> {
  const note = (text: string) => onEvent({ kind: 'note', text });
  note('reading the SpamAssassin corpus');
  const corpus = await loadCorpus(seed);
  const { train, validation, test } = corpus;
  note(
    `${corpus.mails} mails, ${corpus.duplicates} of them duplicates; ${train.examples.length} to train on, ${validation.examples.length} to choose by, ${test.examples.length} held out`,
  );
  const optionsOf = ({ method, exits }: DemoRow) =>
    resolveTrainOptions({
      ...SETTINGS,
      ...exits,
      method,
      out: join(out, 'models', method),
      train: 'spam_assassin',
      seed,
    });
  const full = await startingModel(optionsOf(ROWS[0]), corpus, false);
  const sets = encodeAll(full, corpus);
  note(
    `a vocabulary of ${full.tokenizer.vocabularySize} word pieces; ${sets.train.truncated} of ${train.examples.length} mails are longer than ${SETTINGS.maxLength} tokens and are cut`,
  );

  const shared: SharedStages = new Map();
  const rows: ReportRow[] = [];
  const reports: MethodReport[] = [];
  const curves: TrainingCurve[] = [];
  const dense = shapeOf(full);
  let baseline: number | null = null;
  for (const row of ROWS) {
    const options = optionsOf(row);
    const method = methods[row.method];
    const start = method.student ? await startingModel(options, corpus, true) : full;
    const result = await runMethod({
      name: row.method,
      options,
      start: start.state,
      pairs: false,
      train: sets.train,
      validation: sets.validation,
      settings: stageSettings(options, train),
      shared,
      onEvent: (event) => onEvent(event.kind === 'stage' ? { ...event, method: row.name } : event),
    });
    const trace = (set: EncodedSet) =>
      traceState(result.state, set, method.prunes, false, stageSettings(options, train).threads);
    const onValidation = await trace(sets.validation);
    baseline ??= judge(onValidation, null).accuracy;
    const tau = method.exits ? chooseTau(onValidation, { baseline, maxDrop: MAX_DROP }).tau : null;
    const onTest = await trace(sets.test);
    const judgement = judge(onTest, tau, { dense });
    const folder = join(out, 'models', row.name.replace('+', '-plus'));
    await save(folder, { row, options, result, start, tau, corpus, accuracy: judgement.accuracy });
    const msPerText = await timed(folder, test, tau);
    rows.push(
      reportRow(judgement, { task: 'spam_assassin', method: row.name, msPerText, seconds: result.progress.seconds }),
    );
    reports.push({
      task: 'spam_assassin',
      method: row.name,
      judgement,
      curve: curveOf(tradeoff(onTest, { dense }), method.exits),
    });
    curves.push(...trainingCurves(row.name, result));
    const last = rows[rows.length - 1];
    note(
      `${row.name}: accuracy ${(100 * judgement.accuracy).toFixed(2)} %, ${judgement.speedup.actual.toFixed(1)} times fewer operations, ${last.msPerText?.toFixed(2)} ms a text`,
    );
  }
  const report = {
    title: 'Ham or spam: six ways to spend less',
    introduction: [
      `${test.examples.length} held-out e-mails of the SpamAssassin corpus, classified by networks of ${SETTINGS.layers} layers of ${SETTINGS.hiddenSize} trained from scratch on ${train.examples.length} others. The halt value tau was chosen on ${validation.examples.length} validation mails, for at most ${100 * MAX_DROP} points below plain BERT.`,
    ],
    facts: { seed: String(seed), ...versions() },
    rows,
    methods: reports,
    training: curves,
  };
  await writeReport(out, report);
  return { rows, report: join(out, 'report.html') };
}

function encodeAll({ tokenizer }: Start, { train, validation, test }: Corpus) {
  const encode = (dataset: Dataset) => encodeSet(tokenizer, dataset, SETTINGS.maxLength);
  return { train: encode(train), validation: encode(validation), test: encode(test) };
}

const shapeOf = ({ state: { config } }: Start): NetworkShape => ({ ...config, labels: config.labels.length });
const curveOf = (curve: readonly Summary[], exits: boolean): readonly Summary[] => (exits ? curve : curve.slice(0, 1));

interface Saved {
  readonly row: DemoRow;
  readonly options: TrainOptions;
  readonly result: MethodResult;
  readonly start: Start;
  readonly tau: number | null;
  readonly corpus: Corpus;
  readonly accuracy: number;
}

async function save(folder: string, { row, options, result, start, tau, corpus, accuracy }: Saved): Promise<void> {
  const info = pyramidInfo(options, result, false, tau);
  const { train, validation, test } = corpus;
  const metrics = { accuracy };
  const record = {
    options: resolvedConfig(options),
    row: row.name,
    versions: versions(),
    data: { train: fingerprint(train), validation: fingerprint(validation), test: fingerprint(test) },
    metrics,
    tau,
    epochs: result.progress.history,
    seconds: result.progress.seconds,
  };
  await writeModelFolder(folder, folderModel(result.state, info), {
    ...start.tokenizer.files,
    'training.json': json(record),
    'README.md': modelCard({ info, config: result.state.config, options, metrics, rows: { train, validation, test } }),
  });
}

/** Milliseconds a text on the clock, in the engine, tokenising included. */
async function timed(folder: string, test: Dataset, tau: number | null): Promise<number> {
  const texts = test.examples.slice(0, TIMED_TEXTS).map(({ text }) => text);
  const pyramid = await Pyramid.load(folder);
  try {
    await pyramid.classify(texts.slice(0, 64), { tau });
    const started = performance.now();
    await pyramid.classify(texts, { tau });
    return (performance.now() - started) / texts.length;
  } finally {
    await pyramid.close();
  }
}

function trainingCurves(method: string, { progress }: MethodResult): TrainingCurve[] {
  const stages = new Map<string, TrainingCurve['points'][number][]>();
  progress.history.forEach(({ stage, loss, validation }, i) => {
    const points = stages.get(stage) ?? [];
    points.push({ epoch: i + 1, loss, accuracy: validation?.accuracy ?? null });
    stages.set(stage, points);
  });
  return [...stages].map(([stage, points]) => ({ task: 'spam_assassin', method, stage, points }));
}
