/**
 * The model folder that a run leaves: the model, its tokeniser, training.json and the model card. One run and the runs of an
 * experiment write it here.
 */
import { FASTBERT_WIDTH } from '../../pyramid/exits/fastbert.ts';
import { writeModelFolder } from '../../pyramid/folder/disk-model.ts';
import { json, type PyramidInfo } from '../../pyramid/folder/model-folder.ts';
import { methods } from '../methods.ts';
import type { TrainOptions } from '../options/defaults.ts';
import type { MethodResult } from '../stages/run-method.ts';
import type { EncodedRows } from '../start/encoded-rows.ts';
import type { Rows } from '../start/rows.ts';
import type { Start } from '../start/starting-model.ts';
import { modelCard } from './model-card.ts';
import { trainingRecord } from './training-record.ts';

export interface TrainedModel {
  readonly options: TrainOptions;
  /** Its row in an experiment's table. */
  readonly row?: string;
  readonly start: Pick<Start, 'tokenizer'>;
  readonly rows: Rows;
  readonly sets: EncodedRows;
  readonly result: MethodResult;
  /** Chosen on the validation rows; null: off. */
  readonly tau: number | null;
  /** As `runMetrics` has them. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Whole or not at all. Throws MP_WRITE. */
export async function writeTrainedModel(out: string, model: TrainedModel): Promise<void> {
  const { config, parameters, heads, headSettings, thresholds } = model.result.state;
  const info = pyramidInfo(model);
  const { options, metrics, rows } = model;
  await writeModelFolder(
    out,
    { config, info, parameters, heads, headSettings, thresholds },
    {
      ...model.start.tokenizer.files,
      'training.json': json(trainingRecord(model)),
      'README.md': modelCard({ info, config, options, metrics, rows }),
    },
  );
}

function pyramidInfo({ options, result: { state }, rows, tau }: TrainedModel): PyramidInfo {
  return {
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
  };
}
