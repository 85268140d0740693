/**
 * The `pyramid` object of a model folder's config.json. It is not trusted: every field is checked for its kind and range,
 * and the entry of another dtype may hold only a tau and its calibration.
 */
import { type EncoderConfig, hasNetwork } from '../../encoder/index.ts';
import { PyramidError, quoted } from '../../errors.ts';
import { hasUncertainty } from '../exits/exit-rule.ts';
import { exitOf, HEAD_KINDS, type HeadKind } from '../exits/exits.ts';
import { FASTBERT_HEADS } from '../exits/fastbert.ts';
import { type FloorInfo, readFloorInfo } from '../floor/index.ts';

/** What products with weights are computed in. */
export type Dtype = 'fp32' | 'int8';
export const DTYPES: readonly Dtype[] = ['fp32', 'int8'];

/** What the choice was made by; figures are of the calibration rows. */
export interface Calibration {
  /** What the rows were run in: the tau holds for this. */
  readonly dtype: Dtype;
  readonly rows: number;
  readonly target: { readonly maxDrop: number } | { readonly speedup: number };
  /** The count of operations that it was made by. */
  readonly by: 'actual' | 'paper';
  /** Without exits. */
  readonly baseline: number;
  readonly accuracy: number;
  /** null where no layer ran. */
  readonly speedupPaper: number | null;
  readonly speedupActual: number | null;
  /** Where it was planned which heads to ask: milliseconds of one worker a text by the plan, and with all heads asked. */
  readonly plan?: { readonly msPerText: number; readonly msPerTextAllHeads: number };
  /** [tau, accuracy] by rising tau, for those who turn the dial later. */
  readonly curve?: readonly (readonly [number, number])[];
}

/** The `pyramid` object of config.json. */
export interface PyramidInfo {
  /** 2: with `floor`, whose logits are summed into every exit; a reader of 1 would answer without it. */
  readonly format: 1 | 2;
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
  /** Halt value found on the validation rows, for `dtype`; null: none was looked for or early exit does not pay. */
  readonly tau: number | null;
  /** What `tau` was chosen by; left out where training chose it. */
  readonly calibration?: Calibration;
  /** What it is run in where the caller does not say; fp32 if left out. The weights on disk are float32 all the same. */
  readonly dtype?: Dtype;
  /** `tau` and `calibration` of a dtype that it is run in only where the caller says so: other logits, another tau. */
  readonly forDtype?: Readonly<Partial<Record<Dtype, Pick<PyramidInfo, 'tau' | 'calibration'>>>>;
  /** [L−1]: whether the exit head of a layer is asked; all are if left out. */
  readonly asked?: readonly boolean[];
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

/** Whether a value is what it should be, and what that is, for a sentence. */
type Field = readonly [is: (value: unknown) => boolean, what: string];

const number = (least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY): Field => [
  (value) => typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most,
  Number.isFinite(least) ? `a number of ${least} or more` : 'a number',
];
const flag: Field = [(value) => typeof value === 'boolean', 'true or false'];
const oneOf = (names: readonly string[]): Field => [(value) => names.includes(value as string), names.join(' or ')];
const tauField: Field = [
  (value) => value === null || (typeof value === 'number' && value >= 0 && value <= 1),
  'null or a number from 0 to 1',
];
const orNull = ([is, what]: Field): Field => [(value) => value === null || is(value), `null or ${what}`];
const optional = ([is, what]: Field): Field => [(value) => value === undefined || is(value), what];

const MOST_WIDTH = 2 ** 15;

/** What is always there, once the defaults are. */
const FIELDS: Readonly<Record<string, Field>> = {
  method: [(value) => typeof value === 'string', 'a name'],
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
  tau: tauField,
  dtype: optional(oneOf(DTYPES)),
};

/** Older folders have some of these. */
const CALIBRATION: Readonly<Record<string, Field>> = {
  dtype: oneOf(DTYPES),
  rows: number(0),
  target: [
    (value) => isObject(value) && [value.maxDrop, value.speedup].some(number()[0]),
    'an object with maxDrop or speedup',
  ],
  by: oneOf(['actual', 'paper']),
  baseline: number(),
  accuracy: number(),
  speedupPaper: orNull(number()),
  speedupActual: orNull(number()),
  plan: [
    (value) => isObject(value) && [value.msPerText, value.msPerTextAllHeads].every(number(0)[0]),
    'an object with two times',
  ],
  curve: [
    (value) =>
      Array.isArray(value) &&
      value.every((point) => Array.isArray(point) && point.length === 2 && point.every(number()[0])),
    'a list of pairs of numbers',
  ],
};

/** The `pyramid` object of `config`; a dense model's where there is none. `path` is for messages. Throws MP_MODEL_CONFIG. */
export function readInfo(config: EncoderConfig, path: string): PyramidInfo {
  const fault = (problem: string) => new PyramidError('MP_MODEL_CONFIG', { path, problem });
  const check = (name: string, value: unknown, [is, what]: Field) => {
    if (!is(value)) throw fault(`${name} is ${quoted(value)}, not ${what}`);
  };
  const checkCalibration = (name: string, value: unknown) => {
    if (value === undefined) return;
    if (!isObject(value)) throw fault(`${name} is not an object`);
    for (const [key, field] of Object.entries(CALIBRATION)) check(`${name}.${key}`, value[key], optional(field));
    if (value.curve !== undefined && value.baseline === undefined) throw fault(`${name} has a curve but no baseline`);
  };
  const stored = config.raw.pyramid;
  const maxLength = Math.min(DENSE.maxLength, config.maxPositions);
  if (stored !== undefined && !isObject(stored)) throw fault('pyramid is not an object');
  if (stored && stored.format !== 1 && stored.format !== 2)
    throw fault(`pyramid.format is ${quoted(stored.format)}, this version reads 1 and 2`);
  const info = { ...DENSE, maxLength, ...stored } as PyramidInfo;
  const least = info.pairs ? 3 : 2; // the special tokens of a text, or a pair
  if (!isWhole(info.maxLength, least, config.maxPositions)) {
    throw fault(
      `pyramid.maxLength is ${quoted(info.maxLength)}, not a whole number from ${least} to ${config.maxPositions}`,
    );
  }
  for (const [key, field] of Object.entries(FIELDS))
    check(`pyramid.${key}`, (info as unknown as Record<string, unknown>)[key], field);
  if (exitOf(info.exitHead)?.needsPairs && !info.pairs)
    throw fault(`pyramid.exitHead is "${info.exitHead}", which reads pairs, and pyramid.pairs is false`);
  checkCalibration('pyramid.calibration', info.calibration);
  if (info.forDtype !== undefined && !isObject(info.forDtype)) throw fault('pyramid.forDtype is not an object');
  for (const [dtype, other] of Object.entries(info.forDtype ?? {})) {
    const name = `pyramid.forDtype.${dtype}`;
    if (!DTYPES.includes(dtype as Dtype)) throw fault(`${name} is not one of the dtypes ${DTYPES.join(' and ')}`);
    if (!isObject(other)) throw fault(`${name} is not an object`);
    // sizes and kinds of heads hold for all dtypes: said a second time they would have been checked the first time alone
    const odd = Object.keys(other).find((key) => key !== 'tau' && key !== 'calibration');
    if (odd !== undefined) throw fault(`${name} has ${quoted(odd)}, but only tau and calibration are allowed there`);
    check(`${name}.tau`, other.tau, tauField);
    checkCalibration(`${name}.calibration`, other.calibration);
  }
  if ((info.format === 2) !== (info.floor !== undefined))
    throw fault(`pyramid.format is ${info.format}, and ${info.floor ? 'there is a' : 'there is no'} pyramid.floor`);
  if (info.floor !== undefined) checkFloor(config, info, path);
  else if (!hasNetwork(config)) throw fault('there is neither a network nor a pyramid.floor');
  const heads = Math.max(0, config.layers - 1);
  if (info.asked !== undefined && !(isFlags(info.asked) && info.asked.length === heads))
    throw fault(`pyramid.asked is ${quoted(info.asked)}, not true or false for each of layers 1 to ${heads}`);
  const taus = [info.tau, ...Object.values(info.forDtype ?? {}).map(({ tau }) => tau)];
  const tau = taus.find((one) => one !== null);
  if (tau !== undefined && !hasUncertainty(config.problemType))
    throw fault(
      `pyramid.tau is ${tau}, but the answers of a ${config.problemType} model have no uncertainty to exit by`,
    );
  return info;
}

function checkFloor(config: EncoderConfig, { floor, pairs }: PyramidInfo, path: string): void {
  const fault = (problem: string) => new PyramidError('MP_MODEL_CONFIG', { path, problem });
  if (!hasUncertainty(config.problemType))
    throw fault(
      `there is a pyramid.floor, which answers one of several labels, and the model is a ${config.problemType}`,
    );
  const read = readFloorInfo(floor, { labels: config.labels.length, vocabulary: config.vocabularySize }, path);
  if (read.pairs !== pairs) throw fault(`pyramid.floor.pairs is ${read.pairs}, and pyramid.pairs is ${pairs}`);
}

/** What the folder is run in where the caller does not say. */
export const dtypeOf = ({ dtype = 'fp32' }: Pick<PyramidInfo, 'dtype'>): Dtype => dtype;

/** What holds when the model is run in `dtype`: a tau that was chosen for another has no meaning, and is null. */
export function infoFor(info: PyramidInfo, dtype: Dtype): PyramidInfo {
  if (dtype === dtypeOf(info)) return info;
  const { calibration: _, ...rest } = info;
  return { ...rest, tau: null, ...info.forDtype?.[dtype] };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isWhole = (value: unknown, least: number, most: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;

const isFlags = (value: unknown): value is boolean[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'boolean');
