/** The rows of `calibrate`, as traces: those that tau is chosen on, and those that certify it. */
import type { EncoderConfig } from '../../encoder/index.ts';
import type { TextInput } from '../../engine/index.ts';
import { PyramidError } from '../../errors.ts';
import { readTrace, type Trace } from '../../evaluate/trace.ts';
import { ONE_LABEL, USUAL_THRESHOLD } from '../../pyramid/exits/answer-rule.ts';
import { type Dataset, NO_LABEL } from '../../text/example.ts';
import type { OnTrainEvent } from '../../train/events.ts';
import { refuseReused } from '../../train/start/calibration-rows.ts';
import type { Text } from '../../train/with-floor/unlabelled-texts.ts';
import type { Call } from '../command.ts';
import { needDelimited, severalLabels } from '../options/labelled-rows.ts';
import { counter } from '../output/counter.ts';
import { showDownloads } from '../output/progress.ts';
import type { CalibrateOptions } from './calibrate-options.ts';

export interface TracedRows {
  readonly trace: Trace;
  /** null where the trace was given. */
  readonly rows: Dataset | null;
  /** Empty where the trace was given. */
  readonly texts: readonly TextInput[];
}

type CalibrateCall = Pick<Call<CalibrateOptions>, 'options' | 'io' | 'services'>;

const usage = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });

/** Rows to choose on: a trace, `--validation`, or what training held back. */
export async function choiceRows(call: CalibrateCall): Promise<TracedRows> {
  const { trace: path, validation, model, delimiter, planPeeks } = call.options;
  if (path !== null) {
    if (planPeeks)
      throw usage(
        'both --trace and --plan-peeks were given',
        'leave --trace out: a plan has to run the model to measure it',
      );
    if (validation !== null) throw usage('both --trace and --validation were given', 'leave one out');
    return { trace: await givenTrace(path, call), rows: null, texts: [] };
  }
  needDelimited(delimiter, validation);
  const rows = await showDownloads(call.io.stderr, (onEvent) =>
    validation === null ? call.services.validationRows(model, onEvent) : labelled(validation, call, onEvent),
  );
  return traced(rows, call);
}

export interface CertifyingRows extends TracedRows {
  /** Places among the rows of the file, since those that the model has seen are left out; null: all of a trace. */
  readonly kept: readonly number[] | null;
  readonly given: number;
  /** Disagreement needs no labels: then every label is 0, and nothing of accuracy can be said. */
  readonly labelled: boolean;
}

/** Rows that certify. `chosenOn`: what chose something just now, which they must not have. */
export async function certifyingRows(call: CalibrateCall, chosenOn: Dataset | null): Promise<CertifyingRows> {
  const { trace: path, calibration, model, delimiter } = call.options;
  if (calibration === null) {
    const trace = await givenTrace(path!, call);
    await needOwn(path!, trace, call);
    call.io.stderr.write(
      'note: a trace does not show whether its rows trained or chose anything of the model; what is certified holds only if they did not\n',
    );
    return { trace, rows: null, texts: [], kept: null, given: trace.entries.length, labelled: true };
  }
  needDelimited(delimiter, calibration);
  const hasLabels = call.options.risk !== 'disagreement';
  const { rows, fresh } = await showDownloads(call.io.stderr, async (onEvent) => {
    const rows = await (hasLabels ? labelled : unlabelled)(calibration, call, onEvent);
    return { rows, fresh: await call.services.freshRows(model, rows, onEvent) };
  });
  if (chosenOn !== null) refuseReused(calibration, fresh, [chosenOn]);
  const places = new Map(rows.examples.map((row, i) => [row, i]));
  const kept = fresh.examples.map((row) => places.get(row)!);
  return { ...(await traced(fresh, call)), kept, given: rows.examples.length, labelled: hasLabels };
}

/** Throws MP_USAGE for another dtype than the one asked for. */
async function givenTrace(path: string, { options: { dtype } }: CalibrateCall): Promise<Trace> {
  const trace = await readTrace(path);
  if (dtype !== null && trace.dtype !== undefined && trace.dtype !== dtype)
    throw usage(
      `${path} was made with ${trace.dtype}, and --dtype is ${dtype}`,
      `leave --dtype out, or make a trace with evaluate --dtype ${dtype}`,
    );
  return dtype === null ? trace : { ...trace, dtype };
}

function labelled(file: string, { options, services }: CalibrateCall, onEvent: OnTrainEvent): Promise<Dataset> {
  const { model, text, pair, label, labelSeparator, labelColumns, delimiter } = options;
  const columns = { text, pair, label, ...severalLabels({ labelSeparator, labelColumns }), delimiter };
  return services.labelledRows({ task: null, dataDir: null, file, ...columns }, model, onEvent);
}

/** Texts alone, whether there is a column of labels or not. */
async function unlabelled(file: string, { options, services }: CalibrateCall, onEvent: OnTrainEvent): Promise<Dataset> {
  const { model, text, pair, delimiter } = options;
  const texts = await services.unlabelledTexts({ files: [file], text, pair, delimiter }, model, onEvent);
  return withoutLabels(file, (await services.outline(model)).config, texts);
}

/** Texts as rows; their label says nothing. */
export const withoutLabels = (
  name: string,
  { labels, problemType }: Pick<EncoderConfig, 'labels' | 'problemType'>,
  texts: readonly Text[],
): Dataset => ({
  name,
  ...(problemType !== 'single_label_classification' && { problemType }),
  labels,
  pairs: texts[0]?.pair !== undefined,
  examples: texts.map((one) =>
    problemType === 'single_label_classification'
      ? { ...one, label: 0 }
      : { ...one, label: NO_LABEL, target: labels.map(() => 0) },
  ),
});

/** Throws MP_USAGE for a trace that can be seen to be of another model: what it certifies would be promised of this one. */
async function needOwn(path: string, trace: Trace, { options: { model }, services }: CalibrateCall): Promise<void> {
  const { config, info } = await services.outline(model);
  const { shape, labels, headKind, floor, answers, temperatures } = trace;
  const heads = (kind: string) => `${kind === 'none' ? 'no' : kind} exit heads`;
  const floors = (one: unknown) => `${one === undefined ? 'no' : 'a'} floor 0`;
  const differing = [
    [`${shape.layers} layers`, `${config.layers} layers`],
    [`the labels ${labels.join(', ')}`, `the labels ${config.labels.join(', ')}`],
    [heads(headKind), heads(info.exitHead)],
    [floors(floor), floors(info.floor)],
    [`answers of ${answers?.problemType ?? ONE_LABEL.problemType}`, `answers of ${config.problemType}`],
    [
      `the thresholds ${answers?.problemType === 'multi_label_classification' ? answers.thresholds.join(', ') : 'none'}`,
      `the thresholds ${config.problemType === 'multi_label_classification' ? (info.labelThresholds ?? config.labels.map(() => USUAL_THRESHOLD)).join(', ') : 'none'}`,
    ],
    [
      `the temperatures ${temperatures?.join(', ') ?? 'none'}`,
      `the temperatures ${info.exitTemperatures?.join(', ') ?? 'none'}`,
    ],
  ].find(([has, own]) => has !== own);
  if (differing)
    throw usage(
      `${path} is a trace of another model: it has ${differing[0]}, and ${model} has ${differing[1]}`,
      'make a trace of this model with evaluate',
    );
}

async function traced(rows: Dataset, { options, io, services }: CalibrateCall): Promise<TracedRows> {
  const { model, dtype, planPeeks } = options;
  const progress = counter(io.stderr, 'texts');
  // a plan is made anew from all heads, whatever an earlier one left out
  const how = { dtype, askAll: planPeeks };
  const { trace } = await services.trace(model, rows, how, (share) => progress.at(share * rows.examples.length));
  return { trace, rows, texts: rows.examples.map(({ text, pair }) => (pair === undefined ? text : { text, pair })) };
}
