/** The options of `calibrate`: what to reach, the rows that it is chosen or certified on, and labels by hand. */
import { choiceOption, flagOption, integerOption, numberOption, type OptionTable, textOption } from '../../option.ts';
import { RISKS, type Risk } from '../../pyramid/folder/certificate.ts';
import type { Dtype } from '../../pyramid/folder/model-folder.ts';
import { trainTable } from '../../train/options/defaults.ts';
import { dtypeOption } from '../options/engine-options.ts';
import { byOption, maxDropOption } from '../options/experiment-options.ts';

export interface CalibrateOptions {
  readonly model: string;
  readonly maxDrop: number | null;
  readonly minSpeedup: number | null;
  readonly by: 'actual' | 'paper';
  readonly json: boolean;
  readonly dtype: Dtype | null;
  readonly planPeeks: boolean;
  readonly confidence: number | null;
  readonly risk: Risk | null;
  readonly reference: string | null;
  readonly abstain: number | null;
  readonly seed: number;
  readonly calibration: string | null;
  readonly validation: string | null;
  readonly trace: string | null;
  readonly text: string | null;
  readonly pair: string | null;
  readonly label: string | null;
  readonly labelSeparator: string | null;
  readonly labelColumns: readonly string[];
  readonly delimiter: string | null;
  readonly unlabelled: readonly string[];
  readonly labelBudget: number | null;
  readonly out: string | null;
  readonly labels: string | null;
}

const group = 'Choice';
const promise = 'Promise';
const rows = 'Rows';
const byHand = 'Few labels';
const { text, pair, label, labelSeparator, labelColumns, delimiter, unlabelled, seed } = trainTable;

export const calibrateTable: OptionTable<CalibrateOptions> = {
  model: textOption({
    group,
    default: '',
    placeholder: 'DIR',
    help: 'the model folder; the tau is written to its config.json',
    aliases: ['model_name_or_path'],
  }),
  maxDrop: {
    ...maxDropOption<number | null>(group, null),
    help: 'what may be lost: accuracy, or what --risk says; 0.01 is one point, or one text in a hundred',
  },
  minSpeedup: numberOption<number | null>({
    group,
    default: null,
    min: 1,
    help: 'the speed-up to reach, instead of --max-drop: at the highest accuracy, or on --calibration rows at the least risk that can be certified',
    aliases: ['speedup'],
  }),
  by: byOption(group),
  json: flagOption({ group, default: false, help: 'print one JSON object' }),
  dtype: {
    ...dtypeOption(group),
    help: 'the precision to find tau for (default: that of the trace, or of the model folder)',
  },
  planPeeks: flagOption({
    group,
    default: false,
    help: 'also measure how long heads and layers take on this machine, and skip heads that cost more than they save; the plan is made from validation rows',
  }),
  confidence: numberOption<number | null>({
    group: promise,
    default: null,
    above: true,
    min: 0,
    max: 0.9999,
    help: 'how often the promise holds, over draws of the rows; needs rows that trained and chose nothing (default: 0.95)',
  }),
  risk: {
    ...choiceOption<Risk>({
      group: promise,
      default: 'net-drop',
      choices: RISKS,
      help: 'what is certified: net-drop: accuracy lost; harm: texts that the full model answers right and the early exit wrong; disagreement: texts that the two answer differently, without labels (default: net-drop)',
    }),
    default: null,
  },
  reference: textOption<string | null>({
    group: promise,
    default: null,
    placeholder: 'FILE',
    help: "answers of another model, such as plain BERT, to compare with instead of this model run to the end: a file with a column label, such as predict's output, one row for each calibration row",
  }),
  abstain: numberOption<number | null>({
    group: promise,
    default: null,
    min: 0,
    max: 0.9999,
    help: 'instead of a tau: the score below which the model answers "unsure", so that this share of its answers is right; at the tau that the model has, on other rows than that was found on. 0: it answers every text again',
  }),
  seed: { ...seed, group: promise, help: 'random seed of the order in which rows are read, and of the texts to label' },
  calibration: textOption<string | null>({
    group: rows,
    default: null,
    placeholder: 'FILE',
    help: 'labelled rows that trained and chose nothing: tau is certified on them; --risk disagreement reads no labels',
    aliases: ['calibration_file'],
  }),
  validation: textOption<string | null>({
    group: rows,
    default: null,
    placeholder: 'FILE',
    help: 'labelled rows to choose tau on, not certified; use others to report results (default: the validation rows of training)',
    aliases: ['validation_file'],
  }),
  trace: textOption<string | null>({
    group: rows,
    default: null,
    placeholder: 'FILE',
    help: 'a trace of the model on such rows, instead of running the model; with --confidence tau is certified on it',
  }),
  text: { ...text, group: rows },
  pair: { ...pair, group: rows },
  label: { ...label, group: rows },
  labelSeparator: { ...labelSeparator, group: rows },
  labelColumns: { ...labelColumns, group: rows },
  delimiter: { ...delimiter, group: rows },
  unlabelled: {
    ...unlabelled,
    group: byHand,
    help: 'texts without labels, of which those worth labelling are written to --out: csv, tsv, jsonl, parquet or txt',
  },
  labelBudget: integerOption<number | null>({
    group: byHand,
    default: null,
    min: 1,
    help: 'at most this many texts to label (default: 200)',
  }),
  out: textOption<string | null>({
    group: byHand,
    default: null,
    placeholder: 'FILE.csv',
    help: 'the file for the texts to label; FILE.csv.json beside it is needed to read them back',
  }),
  labels: textOption<string | null>({
    group: byHand,
    default: null,
    placeholder: 'FILE.csv',
    help: 'the file of --out with its column label filled in: tau is certified with it',
  }),
};
