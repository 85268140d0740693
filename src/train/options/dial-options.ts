/** The options of training for what its tau may lose: how much, how sure that is, and the rows that certify it. */
import { numberOption, type OptionTable, textOption } from '../../option.ts';

export interface DialOptions {
  readonly calibration: string | null;
  readonly calibrationShare: number | null;
  readonly maxDrop: number;
  readonly confidence: number;
}

/**
 * Rows that certify a loss of one point at 95 %. It takes 299 even if early and full answers never differ. On traces of AG
 * News 400 certify nothing, 900 a setting that saves 11.5 times the operations, and 4,000 one that saves 16.8 times.
 */
export const ROWS_TO_CERTIFY = 1000;
/** Share of the training rows that a promise may cost where nobody says: a model hardly misses a twentieth. */
export const LARGEST_SHARE = 0.05;
const FEWEST_ROWS = ROWS_TO_CERTIFY / LARGEST_SHARE;

const dial = 'The dial (fastbert, mp)';

// Nothing that is trained hangs on these: tau is set when all is learned. Rows that are kept apart change the training rows,
// and those are compared by themselves.
const affects = [] as const;

const inWords = (rows: number): string => rows.toLocaleString('en-US');

export const dialTable = {
  calibration: textOption<string | null>({
    group: dial,
    affects,
    default: null,
    placeholder: 'FILE',
    help: 'file of labelled rows that certify tau; none of them may be a training or validation row',
    aliases: ['calibration_file'],
  }),
  calibrationShare: numberOption<number | null>({
    group: dial,
    affects,
    default: null,
    min: 0,
    max: 0.5,
    placeholder: 'SHARE',
    help: `share of the training rows that is kept apart to certify tau; with --limit it is taken from the rows beyond, where they are enough (default: ${inWords(ROWS_TO_CERTIFY)} rows where there are ${inWords(FEWEST_ROWS)} or more, else none); 0: none`,
  }),
  maxDrop: numberOption({
    group: dial,
    affects,
    default: 0.01,
    min: 0,
    max: 1,
    placeholder: 'SHARE',
    help: 'the accuracy that tau may cost against the same model run to the end; 0.01 is one point',
  }),
  confidence: numberOption({
    group: dial,
    affects,
    default: 0.95,
    min: 0.5,
    max: 0.9999,
    placeholder: 'SHARE',
    help: 'how sure it has to be that a certified tau costs no more than --max-drop',
  }),
} as const satisfies OptionTable<DialOptions>;
