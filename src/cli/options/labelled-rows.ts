/**
 * `--task` with `--data-dir`, or `--test` with its columns: the labelled rows that a command judges a model on, and the
 * model itself. What the options are and that one of the two is named is said here for all commands.
 */
import { PyramidError } from '../../errors.ts';
import { type OptionTable, textOption } from '../../option.ts';
import type { Dataset } from '../../text/example.ts';
import { isDelimited } from '../../text/files/format.ts';
import { trainTable } from '../../train/options/defaults.ts';
import type { Io } from '../io.ts';
import { showDownloads } from '../output/progress.ts';
import type { RowSource, Services } from '../services.ts';

export interface LabelledRowsOptions {
  readonly task: string | null;
  readonly dataDir: string | null;
  readonly test: string | null;
  readonly text: string | null;
  readonly pair: string | null;
  readonly label: string | null;
  readonly labelSeparator: string | null;
  readonly labelColumns: readonly string[];
  readonly delimiter: string | null;
}

const { task, dataDir, test, text, pair, label, labelSeparator, labelColumns, delimiter } = trainTable;

/** `purpose` ends "labelled rows to …". */
export const labelledRowsTable = (purpose: string): OptionTable<LabelledRowsOptions> => ({
  task,
  dataDir,
  test: { ...test, help: `labelled rows to ${purpose}: csv, tsv, jsonl or parquet, instead of --task` },
  text,
  pair,
  label,
  labelSeparator,
  labelColumns,
  delimiter,
});

export const modelOption = <T extends string | null>(group: string, fallback: T) =>
  textOption<T>({
    group,
    default: fallback,
    placeholder: 'DIR|HUB-ID',
    help: 'the model folder, or its name on the Hugging Face hub',
    aliases: ['model_name_or_path'],
  });

/** Throws MP_USAGE unless exactly one of `--task` and `--test` was given. `purpose` as above. */
export function rowSource({ test: file, ...rest }: LabelledRowsOptions, purpose: string): RowSource {
  const usage = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });
  if (rest.task !== null && file !== null) throw usage('both --task and --test were given', 'leave one of them out');
  if (rest.task === null && file === null)
    throw usage(`there are no rows to ${purpose}`, 'give --test with a file, or --task with a name');
  const { task, dataDir, text, pair, label, labelSeparator, labelColumns, delimiter } = rest;
  needDelimited(delimiter, file);
  return { task, dataDir, file, text, pair, label, ...severalLabels({ labelSeparator, labelColumns }), delimiter };
}

/** How labels of rows with any number of them are told, where that was given. */
export const severalLabels = ({
  labelSeparator,
  labelColumns,
}: Pick<LabelledRowsOptions, 'labelSeparator' | 'labelColumns'>): Pick<
  RowSource,
  'labelSeparator' | 'labelColumns'
> => ({
  ...(labelSeparator !== null && { labelSeparator }),
  ...(labelColumns.length > 0 && { labelColumns }),
});

/** Throws MP_USAGE for a delimiter beside a file that has no use for it, or beside none (null). */
export function needDelimited(delimiter: string | null, file: string | null): void {
  if (delimiter === null || (file !== null && isDelimited(file))) return;
  throw new PyramidError('MP_USAGE', {
    what: `--delimiter was given, and ${file === null ? 'no file of rows' : `${file} is no csv or tsv file`}`,
    todo: 'leave it out',
  });
}

/** The model's folder and the rows, downloaded where they are not there. */
export function modelAndRows(
  model: string,
  source: RowSource,
  { io, services }: { readonly io: Io; readonly services: Services },
): Promise<{ readonly dir: string; readonly rows: Dataset }> {
  return showDownloads(io.stderr, async (onEvent) => {
    const dir = await services.model(model, onEvent);
    return { dir, rows: await services.labelledRows(source, dir, onEvent) };
  });
}

/** Throws MP_USAGE for a command that needs a model and was given none. */
export function needModel(model: string): void {
  if (model === '') throw new PyramidError('MP_USAGE', { what: '--model is missing', todo: 'give a model folder' });
}
