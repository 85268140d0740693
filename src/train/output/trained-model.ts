/**
 * The model folder that a run leaves: the model, its tokeniser, training.json and the model card. One run and the runs of an
 * experiment write it here.
 */
import { join } from 'node:path';
import type { ByLabel } from '../../evaluate/by-label.ts';
import type { ClockFigures, MeasureClock } from '../../evaluate/clock-figures.ts';
import type { TargetRule } from '../../pyramid/exits/answer-rule.ts';
import { FASTBERT_WIDTH } from '../../pyramid/exits/fastbert.ts';
import { writeModelFolder } from '../../pyramid/folder/disk-model.ts';
import { settingsOf } from '../../pyramid/folder/frozen.ts';
import { dtypeOf, json, type PyramidInfo } from '../../pyramid/folder/model-folder.ts';
import type { Dataset } from '../../text/example.ts';
import { writeAllWhole } from '../../write-whole.ts';
import type { OnTrainEvent } from '../events.ts';
import { methods } from '../methods.ts';
import type { TrainOptions } from '../options/defaults.ts';
import type { MethodResult } from '../stages/run-method.ts';
import type { EncodedRows } from '../start/encoded-rows.ts';
import type { Rows } from '../start/rows.ts';
import type { RowsRecord } from '../start/rows-record.ts';
import type { Start } from '../start/starting-model.ts';
import { type DialChoice, NO_DIAL } from '../trace/set-dial.ts';
import type { LearnedFloor } from '../with-floor/learn-floor.ts';
import { modelCard } from './model-card.ts';
import { trainingRecord } from './training-record.ts';

export interface TrainedModel {
  readonly options: TrainOptions;
  /** Its row in an experiment's table. */
  readonly row?: string;
  readonly start: Pick<Start, 'tokenizer'>;
  /** The training rows may be let go of by then. */
  readonly rows: Omit<Rows, 'train' | 'beyond'> & { readonly train: Omit<Dataset, 'examples'> };
  readonly data: RowsRecord;
  readonly sets: EncodedRows;
  readonly result: MethodResult;
  /** null: it has none. */
  readonly floor: Pick<LearnedFloor, 'parts' | 'facts'> | null;
  /** T [L], see fitTemperatures; null: all are 1. */
  readonly exitTemperatures: readonly number[] | null;
  /** As `TrainedPyramid` has it. */
  readonly answers?: TargetRule | null;
  /** null: it has no early exit. */
  readonly dial: DialChoice | null;
  /** Of the rows that were judged, at tau; null or left out: there are none. */
  readonly byLabel?: ByLabel | null;
  /** As `runMetrics` has them. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Whole or not at all. Throws MP_WRITE. */
export async function writeTrainedModel(out: string, model: TrainedModel): Promise<void> {
  const { config, parameters, heads, headSettings, thresholds } = model.result.state;
  await writeModelFolder(
    out,
    {
      config,
      info: pyramidInfo(model),
      parameters,
      heads,
      headSettings,
      thresholds,
      floor: model.floor?.parts ?? null,
    },
    { ...model.start.tokenizer.files, ...filesForPeople(model, null) },
  );
}

export interface ClockWith {
  readonly measure: MeasureClock;
  /** The rows whose texts are timed. */
  readonly on: ClockFigures['rows'];
  /** Milliseconds a text of plain BERT of the same experiment, where there is one. */
  readonly bert?: number | null;
  readonly signal?: AbortSignal;
}

/**
 * Puts a model that is written on the clock, with its tau, and the figures into its folder. Where it cannot be measured, a
 * note says why, and the folder stays as it was. Throws MP_WRITE.
 */
export async function clockTrainedModel(
  out: string,
  model: TrainedModel,
  { measure, on, bert = null, signal }: ClockWith,
  onEvent: OnTrainEvent,
): Promise<ClockFigures | null> {
  const texts = model.rows[on]?.examples ?? [];
  let measured: ClockFigures;
  try {
    measured = await measure(out, { rows: on, texts, tau: model.dial?.tau ?? null, signal });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    onEvent({ kind: 'note', text: `time on the clock was not measured: ${reason}` });
    return null;
  }
  const clock = { ...measured, msPerTextBert: bert };
  const files = Object.entries(filesForPeople(model, clock));
  await writeAllWhole(files.map(([name, text]) => ({ path: join(out, name), text })));
  return clock;
}

function filesForPeople(model: TrainedModel, clock: ClockFigures | null): Readonly<Record<string, string>> {
  const { options, metrics, rows, data, result, floor, dial, byLabel = null } = model;
  const { config } = result.state;
  return {
    'training.json': json(trainingRecord(model, clock)),
    'README.md': modelCard({
      ...{ info: pyramidInfo(model), config, options, metrics, byLabel, floor, dial, clock },
      trained: { name: rows.train.name, rows: data.train.rows },
      judgedOn: rows.test ? 'test' : 'validation',
    }),
  };
}

function pyramidInfo({
  options,
  result: { state },
  rows,
  dial,
  floor,
  exitTemperatures,
  answers,
}: TrainedModel): PyramidInfo {
  const { tau, from, certificate } = dial ?? NO_DIAL;
  const info: PyramidInfo = {
    format: 1,
    method: options.method,
    exitHead: state.headSettings.kind,
    exitTraining: options.exitTraining,
    pairs: rows.train.pairs,
    headWidth: FASTBERT_WIDTH,
    prunes: methods[options.method].prunes,
    temperature: options.temperature,
    lambda: options.lambda,
    maxLength: options.maxLength,
    tau,
    ...(tau !== null && { tauFrom: from }),
    ...(exitTemperatures && { exitTemperatures }),
    ...(answers?.problemType === 'multi_label_classification' && { labelThresholds: answers.thresholds }),
    ...(answers?.problemType === 'regression' && answers.spread !== null && { valueSpread: answers.spread }),
  };
  if (!certificate) return info;
  // what was frozen before its rows were seen
  const settings = settingsOf({ ...state, info, floor: floor?.parts ?? null }, dtypeOf(info));
  return { ...info, certificate: { ...certificate, settings } };
}
