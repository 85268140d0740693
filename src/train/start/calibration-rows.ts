/**
 * The rows that certify tau: a file's, or some of the training rows, kept apart before anything learns. A promise holds only
 * on rows that nothing was trained or chosen on, so texts that are also training or validation rows are found. Knows nothing
 * of how tau is certified.
 */
import { PyramidError } from '../../errors.ts';
import { type Dataset, type Example, problemTypeOfRows } from '../../text/example.ts';
import { splitDataset, subsample, textKey, textKeys } from '../../text/index.ts';
import { methods } from '../methods.ts';
import type { TrainOptions } from '../options/defaults.ts';
import { LARGEST_SHARE, ROWS_TO_CERTIFY } from '../options/dial-options.ts';

export interface KeptApart {
  readonly train: Dataset;
  readonly beyond: readonly Example[];
  /** null: none are kept apart. */
  readonly calibration: Dataset | null;
}

/**
 * Keeps rows of `train` apart, each label in its share, a label's only row never; or, where they are enough, of the rows
 * `beyond` its limit, which nothing learns from anyway. Throws MP_USAGE where the share is less than a row.
 */
export function keepApart(
  train: Dataset,
  beyond: readonly Example[],
  options: Pick<TrainOptions, 'method' | 'calibration' | 'calibrationShare' | 'seed'>,
): KeptApart {
  const { calibration, calibrationShare: share, seed } = options;
  if (problemTypeOfRows(train) === 'regression') {
    if (calibration === null && !share) return { train, beyond, calibration: null };
    throw new PyramidError('MP_USAGE', {
      what: `${train.name}: the rows have numbers, which are neither right nor wrong, so that no rows can certify tau`,
      todo: `leave ${calibration === null ? '--calibration-share' : '--calibration'} out: tau is chosen on the validation rows`,
    });
  }
  const wanted =
    calibration !== null || share === 0 || !methods[options.method].exits
      ? 0
      : share === null
        ? usual(train.examples.length + beyond.length, options.method)
        : Math.round(share * train.examples.length);
  if (wanted === 0) {
    if (!share || !methods[options.method].exits) return { train, beyond, calibration: null };
    throw new PyramidError('MP_USAGE', {
      what: `${train.name}: a share of ${share} of ${train.examples.length} training rows is no row to certify tau with`,
      todo: 'raise --calibration-share, or leave it out',
    });
  }
  if (beyond.length >= wanted) {
    const apart = subsample({ ...train, examples: beyond }, wanted, { seed });
    const taken = new Set(apart.examples);
    return { train, beyond: beyond.filter((example) => !taken.has(example)), calibration: apart };
  }
  const { kept, heldOut } = splitDataset(train, wanted / train.examples.length, { seed });
  return { train: kept, beyond, calibration: heldOut };
}

/** How many are kept apart where nobody says, of `rows`. */
const usual = (rows: number, method: TrainOptions['method']): number =>
  methods[method].exits && rows * LARGEST_SHARE >= ROWS_TO_CERTIFY ? ROWS_TO_CERTIFY : 0;

/** `calibration` without the texts of `others`, and how many those were. */
export function withoutReused(
  calibration: Dataset,
  others: readonly Dataset[],
): { readonly rows: Dataset; readonly left: number } {
  const seen = textKeys(others);
  const examples = calibration.examples.filter((example) => !seen.has(textKey(example)));
  return { rows: { ...calibration, examples }, left: calibration.examples.length - examples.length };
}

/** Throws MP_USAGE where a row of the file `path` trains or chooses too. */
export function refuseReused(path: string, calibration: Dataset, others: readonly Dataset[]): void {
  const { left } = withoutReused(calibration, others);
  if (left === 0) return;
  const [are, them] =
    left === 1 ? ['is also a training or validation row', 'it'] : ['are also training or validation rows', 'them'];
  throw new PyramidError('MP_USAGE', {
    what: `${path}: ${left} of ${calibration.examples.length} rows ${are}, and a model cannot be certified on what it was made with`,
    todo: `remove ${them} from the file`,
  });
}
