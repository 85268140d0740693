/** The options of training that say which rows there are: a known task, or files and their columns. */
import { customOption, integerOption, type OptionTable, optionalChoice, textOption } from '../../option.ts';
import { PROBLEM_TYPES, type ProblemType } from '../../problem-type.ts';
import { readDelimiter, readFiles } from './option-values.ts';

export interface DataOptions {
  readonly task: string | null;
  readonly dataDir: string | null;
  readonly train: string | null;
  readonly validation: string | null;
  readonly test: string | null;
  readonly text: string | null;
  readonly pair: string | null;
  readonly label: string | null;
  readonly labelSeparator: string | null;
  readonly labelColumns: readonly string[];
  readonly problemType: ProblemType | null;
  readonly delimiter: string | null;
  readonly limit: number | null;
  readonly maxLength: number;
}

const data = 'Data';

export const dataTable = {
  task: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'NAME',
    help: 'a known data set: ag_news, yelp_polarity, qqp, mrpc or rte; read from --data-dir, else downloaded from the hub',
    aliases: ['task_name', 'dataset_name'],
  }),
  dataDir: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'DIR',
    help: 'a folder with one subfolder per --task (default: download from the Hugging Face hub)',
  }),
  train: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'FILE',
    help: 'file of training rows (csv, tsv, jsonl or parquet), instead of --task',
    aliases: ['train_file'],
  }),
  validation: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'FILE',
    help: 'file of validation rows, evaluated after each epoch (default: a tenth of the training rows)',
    aliases: ['validation_file'],
  }),
  test: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'FILE',
    help: 'file of test rows, evaluated once, at the end',
    aliases: ['test_file'],
  }),
  text: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'COLUMN',
    help: 'the text column (default: look for the usual names)',
    aliases: ['text_column', 'text_column_name', 'text_column_names', 'sentence1_key'],
  }),
  pair: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'COLUMN',
    help: 'the column of the second text, for text pairs',
    aliases: ['pair_column', 'sentence2_key'],
  }),
  label: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'COLUMN',
    help: 'the label column (default: look for the usual names)',
    aliases: ['label_column', 'label_column_name'],
  }),
  labelSeparator: textOption<string | null>({
    group: data,
    affects: ['rows'],
    default: null,
    placeholder: 'TEXT',
    help: 'what stands between the labels of a row in the label column, for rows with any number of labels (lists in jsonl and parquet need none)',
  }),
  labelColumns: customOption<readonly string[]>({
    group: data,
    affects: ['rows'],
    default: [],
    placeholder: 'COLUMN...',
    repeatable: true,
    expected: 'one or more columns',
    help: 'a column for each label, with 1 (or true) where a row has the label and 0 where it has not, instead of --label',
    read: readFiles,
  }),
  problemType: optionalChoice<ProblemType>({
    group: data,
    affects: ['rows'],
    default: null,
    choices: PROBLEM_TYPES,
    help: 'what a row is answered with: one label, any number of labels, or a number (default: one label; any number where the rows show it)',
  }),
  delimiter: customOption<string | null>({
    group: data,
    affects: [],
    default: null,
    placeholder: 'CHARACTER',
    expected: 'one character, or comma, semicolon, tab or pipe',
    help: 'the field separator of csv and tsv files: a character, or comma, semicolon, tab or pipe (default: detected from the file)',
    aliases: ['sep'],
    read: readDelimiter,
  }),
  limit: integerOption<number | null>({
    group: data,
    affects: ['rows'],
    default: null,
    min: 1,
    placeholder: 'ROWS',
    help: 'train on this many rows, chosen at random by the seed',
    aliases: ['max_train_samples'],
  }),
  maxLength: integerOption({
    group: data,
    affects: ['run'],
    default: 128,
    min: 8,
    max: 512,
    placeholder: 'TOKENS',
    help: 'maximum tokens per text, including [CLS] and [SEP]; longer texts are truncated',
    aliases: ['max_seq_length', 'max_length'],
  }),
} as const satisfies OptionTable<DataOptions>;
