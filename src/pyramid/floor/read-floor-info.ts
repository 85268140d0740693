/** The object `floor` of config.json's `pyramid`, read as untrusted: every field is held against its kind and range, the labels and the vocabulary. */

import { quoted } from '../../errors/kind.ts';
import { PyramidError } from '../../errors.ts';
import { type FloorInfo, WEIGHTINGS, type Weighting } from './floor-info.ts';
import { bucketsFor, MOST_IDS } from './hashing.ts';

type Field = readonly [is: (value: unknown) => boolean, what: string];

const whole = (least: number, most: number): Field => [
  (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
  `a whole number from ${least} to ${most}`,
];
const number = (above: number, most: number): Field => [
  (value) => typeof value === 'number' && value > above && value <= most,
  `a number above ${above} and up to ${most}`,
];
const flag: Field = [(value) => typeof value === 'boolean', 'true or false'];
const orNull = ([is, what]: Field): Field => [(value) => value === null || is(value), `null or ${what}`];
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const between = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && value >= least && value <= most;

/** Of a temperature and of w: beyond it a logit would be no answer any more. */
const MOST_FACTOR = 1e4;

/** What it must fit. */
export interface FloorFits {
  readonly labels: number;
  /** A text may have any number of them. */
  readonly several?: boolean;
  /** The tokenizer's `vocabularySize`. */
  readonly vocabulary: number;
}

/**
 * @param stored the object as JSON gave it
 * @param path of config.json, for messages
 * @throws MP_MODEL_CONFIG
 */
export function readFloorInfo(stored: unknown, fits: FloorFits, path: string): FloorInfo {
  const fault = (problem: string, todo?: string) =>
    new PyramidError('MP_MODEL_CONFIG', { path, problem, ...(todo && { todo }) });
  if (!isObject(stored)) throw fault('pyramid.floor is no object');
  if (stored.format !== 1) throw fault(`pyramid.floor.format is ${quoted(stored.format)}, this version reads 1`);
  if (stored.labels !== fits.labels)
    throw fault(`pyramid.floor.labels is ${quoted(stored.labels)}, the model has ${fits.labels}`);
  if (stored.vocabulary !== fits.vocabulary)
    throw fault(
      `pyramid.floor.vocabulary is ${quoted(stored.vocabulary)}, the tokenizer has ${fits.vocabulary} pieces`,
      'take the tokenizer that belongs to the model',
    );
  if (
    (stored.several === true) !== (fits.several === true) ||
    (stored.several !== undefined && stored.several !== true)
  )
    throw fault(
      `pyramid.floor.several is ${quoted(stored.several)}, and the model's texts have ${fits.several ? 'any number of labels' : 'one label'}`,
    );
  const most = bucketsFor(fits.labels);
  const fields: Readonly<Record<string, Field>> = {
    labels: whole(fits.several ? 1 : 2, 2 ** 16),
    vocabulary: whole(1, MOST_IDS),
    buckets: [
      (value) => between(value, 32, most) && Number.isInteger(Math.log2(value as number)),
      `a power of two from 32 to ${most}`,
    ],
    seen: whole(0, most),
    pairs: flag,
    bigrams: flag,
    maxTokens: orNull(whole(1, 2 ** 31)),
    weighting: [(value) => WEIGHTINGS.includes(value as Weighting), WEIGHTINGS.join(' or ')],
    unseenIdf: [(value) => between(value, 0, 1000), 'a number from 0 to 1000'],
    temperature: number(0, MOST_FACTOR),
    sum: [
      (value) => isObject(value) && between(value.weight, 0, MOST_FACTOR) && between(value.priorShare, 0, 1),
      `an object with weight from 0 to ${MOST_FACTOR} and priorShare from 0 to 1`,
    ],
  };
  for (const [key, [is, what]] of Object.entries(fields))
    if (!is(stored[key])) throw fault(`pyramid.floor.${key} is ${quoted(stored[key])}, not ${what}`);
  return stored as unknown as FloorInfo;
}
