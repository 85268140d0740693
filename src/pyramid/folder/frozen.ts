/**
 * The fingerprint of what was frozen before the rows of a certificate were seen. Two parts: what config.json says, and the
 * weights. Whoever has both checks both, at each load of a model; that takes less than a millisecond or two. It finds what
 * was changed; it is no protection against a forger, who could write a certificate as well.
 */
import type { EncoderConfig } from '../../encoder/index.ts';
import { hash } from '../../random.ts';
import { problemTypeOf } from '../problem.ts';
import type { Dtype } from './dtype.ts';
import type { PyramidModel } from './model-folder.ts';
import { infoFor, type PyramidInfo } from './pyramid-info.ts';

/** What was made for frozen settings: a certificate, or an abstention. */
export interface Made {
  readonly settings: string;
  readonly tau: number | null;
}

/** Values of each tensor that are read, at even distances; thresholds, biases and other small ones whole. */
const SAMPLE = 32;

/** What `Certificate.settings` is for the model when it is run in `dtype`. */
export const settingsOf = (model: Weighed & Described, dtype: Dtype): string =>
  `${configPart(model.config, withFloor(model), dtype)}-${weightsPart(model)}`;

/** Why what was made does not hold for what config.json says; null: it does. */
export const voidByConfig = (
  { settings, tau: certified }: Made,
  tau: number | null,
  config: EncoderConfig,
  info: PyramidInfo,
  dtype: Dtype,
): string | null => {
  if (certified !== tau) return `it is for tau ${certified ?? 'off'}, and tau was changed to ${tau ?? 'off'} since`;
  if (settings.split('-')[0] === configPart(config, info, dtype)) return null;
  return 'settings of the model were changed since it was made';
};

/** The same for the weights. */
export const voidByWeights = ({ settings }: Made, model: Weighed): string | null =>
  settings.split('-')[1] === weightsPart(model) ? null : 'weights of the model were changed since it was made';

type Described = Pick<PyramidModel, 'config' | 'info' | 'floor'>;
type Weighed = Pick<PyramidModel, 'parameters' | 'heads' | 'thresholds' | 'floor'>;

/** A model that is about to be written has its floor's settings beside `info`. */
const withFloor = ({ info, floor }: Described): PyramidInfo => (floor ? { ...info, floor: floor.info } : info);

/** Of the `pyramid` object: what holds for no answer, or is said elsewhere. All else counts, as does what is new later. */
const NOT_FROZEN = [
  ...(['format', 'method', 'exitTraining', 'temperature', 'lambda'] as const), // how it was trained
  ...(['tau', 'tauFrom', 'certificate', 'certificateVoid', 'calibration'] as const),
  ...(['abstention', 'abstentionVoid'] as const), // it changes no answer that is given
  ...(['dtype', 'forDtype'] as const), // the dtype that it is run in counts
] as const satisfies readonly (keyof PyramidInfo)[];

function configPart(config: EncoderConfig, info: PyramidInfo, dtype: Dtype): string {
  const frozen = Object.entries(infoFor(info, dtype)).filter(
    ([key]) => !(NOT_FROZEN as readonly string[]).includes(key),
  );
  const { family, layers, hiddenSize, heads, vocabularySize, labels } = config;
  const network = { family, layers, hiddenSize, heads, vocabularySize, labels, problemType: problemTypeOf(config) };
  return printOf(JSON.stringify([dtype, network, Object.fromEntries(frozen)], sorted));
}

/** Keys in one order, whatever wrote them. */
const sorted = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

const FLOOR_TABLES = ['kinds', 'bits', 'idf', 'weights', 'bias', 'prior'] as const;

function weightsPart({ parameters, heads, thresholds, floor }: Weighed): string {
  const tensors = [
    ...[...parameters, ...heads].map(([name, { data }]) => [name, data] as const),
    ...(thresholds ? [['thresholds', thresholds] as const] : []),
    ...(floor ? FLOOR_TABLES.map((name) => [name, floor[name]] as const) : []),
    ...(floor?.overlap ? [['overlap', floor.overlap.weights] as const] : []),
  ].sort(([a], [b]) => (a < b ? -1 : 1));
  return printOf(tensors.map(([name, data]) => `${name}:${data.length}:${sampleOf(data).join()}`).join('\n'));
}

function sampleOf(data: Float32Array | Uint8Array): number[] {
  if (data.length <= 8 * SAMPLE) return [...data];
  return Array.from({ length: SAMPLE }, (_, i) => data[Math.floor((i * (data.length - 1)) / (SAMPLE - 1))]);
}

/** 16 hexadecimal digits. */
const printOf = (text: string): string =>
  ['a', 'b'].map((salt) => (hash(`${salt}${text}`) >>> 0).toString(16).padStart(8, '0')).join('');
