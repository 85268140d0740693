/** The rows that a model's training held back, read again by what its training.json says of them. */
import { diskFolder } from '../../disk-folder.ts';
import { PyramidError } from '../../errors.ts';
import { readText } from '../../folder.ts';
import type { Dataset } from '../../text/index.ts';
import { isRecord } from '../checkpoint/stored-progress.ts';
import type { OnTrainEvent } from '../events.ts';
import type { TrainOptions } from '../options/defaults.ts';
import { type GivenTrainOptions, resolveTrainOptions, usesDelimiter } from '../options/resolve.ts';
import { type Rows, readRows } from './rows.ts';

/** Throws MP_USAGE where training.json is missing or does not say, and as readRows. */
export const validationRows = async (dir: string, onEvent: OnTrainEvent = () => {}): Promise<Dataset> =>
  (await rowsOfTraining(dir, onEvent)).rows.validation;

/** All rows of the run that made the model in `dir`, and its options. Throws as `validationRows`. */
export async function rowsOfTraining(
  dir: string,
  onEvent: OnTrainEvent = () => {},
): Promise<{
  readonly rows: Rows;
  readonly options: TrainOptions;
  readonly record: Readonly<Record<string, unknown>>;
}> {
  let options: GivenTrainOptions;
  let record: Record<string, unknown>;
  try {
    const text = await readText(diskFolder(dir), 'training.json');
    record = JSON.parse(text!) as Record<string, unknown>;
    options = record.options as GivenTrainOptions;
    if (!isRecord(options)) throw new Error('there are no options');
  } catch (cause) {
    throw new PyramidError(
      'MP_USAGE',
      { what: `${dir} does not say which rows it was trained on`, todo: 'give --validation with a file of rows' },
      { cause },
    );
  }
  try {
    // runs of earlier versions may have been given one that they had no use for
    const again = { ...options, ...apart(options) };
    const { delimiter: _, ...rest } = again;
    const resolved = resolveTrainOptions(usesDelimiter(again) ? again : rest);
    return { rows: await readRows(resolved, onEvent), options: resolved, record };
  } catch (error) {
    if (!(error instanceof PyramidError) || error.code !== 'MP_FILE_MISSING') throw error;
    const { path } = (error as PyramidError<'MP_FILE_MISSING'>).details;
    throw new PyramidError(
      'MP_USAGE',
      {
        what: `${path}, which ${dir} was trained on, is not here`,
        todo: 'run this where it was trained, or give --validation with a file of rows',
      },
      { cause: error },
    );
  }
}

/**
 * Rows that were kept apart are again; a file of them is not needed, and with one, or before there were any, none were.
 */
const apart = ({ calibration, calibrationShare }: GivenTrainOptions): GivenTrainOptions => ({
  calibration: null,
  calibrationShare: calibration || calibrationShare === undefined ? 0 : calibrationShare,
});
