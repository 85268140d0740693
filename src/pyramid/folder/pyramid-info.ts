/**
 * The `pyramid` object of a model folder's config.json. It is not trusted: every field is checked for its kind and range,
 * and the entry of another dtype may hold only a tau and how it came about.
 */
import { type EncoderConfig, hasNetwork } from '../../encoder/index.ts';
import { quoted } from '../../errors/kind.ts';
import { PyramidError } from '../../errors.ts';
import { exitOf, HEAD_KINDS, type HeadKind } from '../exits/exits.ts';
import { FASTBERT_HEADS } from '../exits/fastbert.ts';
import { type FloorInfo, readFloorInfo } from '../floor/index.ts';
import { DIAL_WORDS, type Dial, dialProblem, oddKeyOf, withAbstentionVoid, withoutDial, withVoid } from './dial.ts';
import { DTYPES, type Dtype } from './dtype.ts';
import { type Field, flag, isFlags, isObject, isWhole, name, number, oneOf, optional, problemIn } from './field.ts';
import { answersFault, formatFault, temperaturesFault } from './format.ts';
import type { Made } from './frozen.ts';

/** The `pyramid` object of config.json. What it has of `Dial` is for `dtype`. */
export interface PyramidInfo extends Dial {
  /** See `formatOf`. */
  readonly format: 1 | 2 | 3 | 4;
  readonly method: string;
  readonly exitHead: HeadKind;
  readonly exitTraining: 'frozen' | 'joint';
  /** The model was trained on pairs of texts. */
  readonly pairs: boolean;
  /** Width of `fastbert` heads. */
  readonly headWidth: number;
  /** Tokens are pruned by the thresholds. */
  readonly prunes: boolean;
  readonly temperature: number;
  readonly lambda: number;
  /** Longest text in tokens that it was trained for; longer ones are cut. */
  readonly maxLength: number;
  /** What it is run in where the caller does not say; fp32 if left out. The weights on disk are float32 all the same. */
  readonly dtype?: Dtype;
  /** Of a dtype that it is run in only where the caller says so: other logits, another tau. */
  readonly forDtype?: Readonly<Partial<Record<Dtype, Dial>>>;
  /** [L−1]: whether the exit head of a layer is asked; all are if left out. */
  readonly asked?: readonly boolean[];
  /**
   * [L]: T_l of each layer's exit (exits/sum.ts), for every dtype: what int8 adds to logits is noise about them, and no other scale.
   * All are 1 if left out.
   */
  readonly exitTemperatures?: readonly number[];
  /** [C], where a text may have any number of labels: the score from which on it has one; all are 0.5 if left out. */
  readonly labelThresholds?: readonly number[];
  /** Where the answer is a number: the standard deviation of the training rows' numbers, which exits agree by. */
  readonly valueSpread?: number;
  /** How floor 0 reads a text and is summed; its tables are in a file of their own. Left out: there is none. */
  readonly floor?: FloorInfo;
}

/** A model that was trained elsewhere. */
const DENSE: PyramidInfo = {
  format: 1,
  method: 'bert',
  exitHead: 'none',
  exitTraining: 'frozen',
  pairs: false,
  headWidth: 128,
  prunes: false,
  temperature: 0,
  lambda: 0,
  maxLength: 512,
  tau: null,
};

const MOST_WIDTH = 2 ** 15;

/** What is always there, once the defaults are. */
const FIELDS: Readonly<Record<string, Field>> = {
  method: name,
  exitHead: oneOf(HEAD_KINDS),
  exitTraining: oneOf(['frozen', 'joint']),
  pairs: flag,
  headWidth: [
    (value) => isWhole(value, 1, MOST_WIDTH) && value % FASTBERT_HEADS === 0,
    `a multiple of ${FASTBERT_HEADS} up to ${MOST_WIDTH}`,
  ],
  prunes: flag,
  temperature: number(0),
  lambda: number(0),
  dtype: optional(oneOf(DTYPES)),
};

/** The `pyramid` object of `config`; a dense model's where there is none. `path` is for messages. Throws MP_MODEL_CONFIG. */
export function readInfo(config: EncoderConfig, path: string): PyramidInfo {
  const fault = (problem: string) => new PyramidError('MP_MODEL_CONFIG', { path, problem });
  const check = (problem: string | null) => {
    if (problem !== null) throw fault(problem);
  };
  const stored = config.raw.pyramid;
  const maxLength = Math.min(DENSE.maxLength, config.maxPositions);
  if (stored !== undefined && !isObject(stored)) throw fault('pyramid is not an object');
  if (stored && ![1, 2, 3, 4].includes(stored.format as number))
    throw fault(`pyramid.format is ${quoted(stored.format)}, this version reads 1 to 4`);
  const { certificateVoid: _, abstentionVoid: __, ...info } = { ...DENSE, maxLength, ...stored } as PyramidInfo;
  const least = info.pairs ? 3 : 2; // the special tokens of a text, or a pair
  if (!isWhole(info.maxLength, least, config.maxPositions)) {
    throw fault(
      `pyramid.maxLength is ${quoted(info.maxLength)}, not a whole number from ${least} to ${config.maxPositions}`,
    );
  }
  check(problemIn('pyramid', info, FIELDS));
  if (exitOf(info.exitHead)?.needsPairs && !info.pairs)
    throw fault(`pyramid.exitHead is "${info.exitHead}", which reads pairs, and pyramid.pairs is false`);
  check(dialProblem('pyramid', info, config));
  if (info.forDtype !== undefined && !isObject(info.forDtype)) throw fault('pyramid.forDtype is not an object');
  for (const [dtype, other] of Object.entries(info.forDtype ?? {})) {
    const name = `pyramid.forDtype.${dtype}`;
    if (!DTYPES.includes(dtype as Dtype)) throw fault(`${name} is not one of the dtypes ${DTYPES.join(' and ')}`);
    if (!isObject(other)) throw fault(`${name} is not an object`);
    // sizes and kinds of heads hold for all dtypes: said a second time they would have been checked the first time alone
    const odd = oddKeyOf(other);
    if (odd !== undefined) throw fault(`${name} has ${quoted(odd)}, but only ${DIAL_WORDS} are allowed there`);
    check(dialProblem(name, other, config));
  }
  const problem = formatFault(info) ?? temperaturesFault(config, info) ?? answersFault(config, info);
  if (problem !== null) throw fault(problem);
  if (info.floor !== undefined) checkFloor(config, info, path);
  else if (!hasNetwork(config)) throw fault('there is neither a network nor a pyramid.floor');
  const heads = Math.max(0, config.layers - 1);
  if (info.asked !== undefined && !(isFlags(info.asked) && info.asked.length === heads))
    throw fault(`pyramid.asked is ${quoted(info.asked)}, not true or false for each of layers 1 to ${heads}`);
  return info;
}

function checkFloor(config: EncoderConfig, { floor, pairs }: PyramidInfo, path: string): void {
  const fault = (problem: string) => new PyramidError('MP_MODEL_CONFIG', { path, problem });
  if (config.problemType === 'regression')
    throw fault('there is a pyramid.floor, which answers with labels, and the model is a regression');
  const several = config.problemType === 'multi_label_classification';
  const fits = { labels: config.labels.length, several, vocabulary: config.vocabularySize };
  const read = readFloorInfo(floor, fits, path);
  if (read.pairs !== pairs) throw fault(`pyramid.floor.pairs is ${read.pairs}, and pyramid.pairs is ${pairs}`);
}

/** What the folder is run in where the caller does not say. */
export const dtypeOf = ({ dtype = 'fp32' }: Pick<PyramidInfo, 'dtype'>): Dtype => dtype;

/** What holds when the model is run in `dtype`: a tau that was chosen for another has no meaning, and is null. */
export function infoFor(info: PyramidInfo, dtype: Dtype): PyramidInfo {
  const own = dtypeOf(info);
  const dial = dtype === own ? info : { ...withoutDial(info), tau: null, ...info.forDtype?.[dtype] };
  const dials = [[own, info] as const, ...Object.entries(info.forDtype ?? {})];
  const other = dials.find(([name, { abstention }]) => name !== dtype && abstention !== undefined);
  if (other === undefined || dial.abstention || dial.abstentionVoid) return dial;
  return { ...dial, abstentionVoid: `it is for ${other[0]}, and the model is run in ${dtype}` };
}

/** As `info`, each certificate and abstention that `reasonOf` finds void taken out, see `withVoid`. */
export function withoutVoid(
  info: PyramidInfo,
  reasonOf: (made: Made, dial: Dial, dtype: Dtype) => string | null,
): PyramidInfo {
  const reason = (made: Made | undefined, dial: Dial, dtype: Dtype) => (made ? reasonOf(made, dial, dtype) : null);
  const checked = <T extends Dial>(dial: T, dtype: Dtype): T =>
    withAbstentionVoid(withVoid(dial, reason(dial.certificate, dial, dtype)), reason(dial.abstention, dial, dtype));
  const own = checked(info, dtypeOf(info));
  if (!info.forDtype) return own;
  const others = Object.entries(info.forDtype).map(([dtype, dial]) => [dtype, checked(dial, dtype as Dtype)]);
  return { ...own, forDtype: Object.fromEntries(others) };
}
