/**
 * The trace: the record of one pass over a data set with exits off. Accuracy, FLOPs, curves and the choice of tau all come
 * from it, because pruning does not depend on tau. JSON lines, one per text; a small second file describes the network
 * (docs/formats.md). Knows nothing of models and of files: trace.ts does.
 */

import { quoted } from '../errors/kind.ts';
import { PyramidError } from '../errors.ts';
import { type AnswerRule, ONE_LABEL, type TargetRule } from '../pyramid/exits/answer-rule.ts';
import { HEAD_KINDS, type HeadKind } from '../pyramid/exits/exits.ts';
import type { ExitSum, ExitTemperatures } from '../pyramid/exits/sum.ts';
import { DTYPES, type Dtype } from '../pyramid/folder/model-folder.ts';
import type { NetworkShape } from '../pyramid/shape.ts';
import { NO_LABEL } from '../text/example.ts';

/** One text. L layers, C labels. */
export interface TraceEntry {
  /** Index of the true label; −1 where the text has a `target` instead. */
  readonly label: number;
  /** Of texts with any number of labels [C] of 0 and 1, of texts with a number [1]. Left out where a text has one label. */
  readonly target?: readonly number[];
  /** Tokens of the text as the network got it, special ones included. */
  readonly length: number;
  /** [L+1]: tokens that enter layer 1, then those left after each layer. */
  readonly tokens: readonly number[];
  /** Unknown pieces of the text; left out in traces of before they were counted. */
  readonly unknown?: number;
  /**
   * [L] of [C]: layer 1's head to the main classifier; rows of layers without a head are []. The network's own: what floor 0
   * adds is not in them, and no temperature is.
   */
  readonly logits: readonly (readonly number[])[];
  /** [C]: z_0, floor 0's own logits; null where the text has no feature. Left out where the model has no floor. */
  readonly floor?: readonly number[] | null;
}

/** Tokens and logits of each text at each layer, from one pass with early exit off: every tau can be judged from it. */
export interface Trace {
  /** Sizes of the network. */
  readonly shape: NetworkShape;
  /** Scores and logits stand in this order. */
  readonly labels: readonly string[];
  /** What its exit heads read. */
  readonly headKind: HeadKind;
  /** The texts are pairs. */
  readonly pairs: boolean;
  /** What products with weights were computed in; left out where that is not known. */
  readonly dtype?: Dtype;
  /** How floor 0 enters the exits; left out where the model has no floor. */
  readonly floor?: ExitSum;
  /** [L]: of each layer's exit; left out where all are 1. */
  readonly temperatures?: ExitTemperatures;
  /** How logits become an answer; left out where it is one label. */
  readonly answers?: TargetRule;
  /** One a text. */
  readonly entries: readonly TraceEntry[];
}

/** How the logits of a trace become answers. */
export const ruleOf = ({ answers }: Pick<Trace, 'answers'>): AnswerRule => answers ?? ONE_LABEL;

/** What the file beside it says. */
export type TraceMeta = Omit<Trace, 'entries'>;

const FORMAT = 'magic-pyramid/trace';
/**
 * 2: there is a floor 0, whose logits are summed into every exit. 3: exits have temperatures. 4: an answer is not one label. Else a
 * trace is written as version 1.
 */
const VERSIONS = [1, 2, 3, 4];
const SIZES = ['layers', 'hiddenSize', 'heads', 'intermediateSize', 'labels'] as const;

const versionOf = ({ floor, temperatures, answers }: Pick<TraceMeta, 'floor' | 'temperatures' | 'answers'>): number =>
  answers ? 4 : temperatures ? 3 : floor ? 2 : 1;

/** The description of a trace's network as text. */
export const metaText = (meta: TraceMeta): string =>
  `${JSON.stringify({ format: FORMAT, version: versionOf(meta), ...meta }, null, 2)}\n`;

/** `path` is for messages. Throws MP_DATA_ROW. */
export function parseMeta(text: string, path: string): TraceMeta {
  const fault = (problem: string) => new PyramidError('MP_DATA_ROW', { path, line: 1, problem });
  const meta = parse(text) as Partial<Trace> & { format?: unknown; version?: unknown };
  if (meta?.format !== FORMAT) throw fault(`it is not the description of a trace ("format" is not "${FORMAT}")`);
  if (!VERSIONS.includes(meta.version as number))
    throw fault(`version ${quoted(meta.version)} is not supported, only 1 to ${VERSIONS.at(-1)}`);
  const { shape, labels, headKind, pairs, dtype, floor, temperatures, answers } = meta;
  if (versionOf({ floor, temperatures, answers }) !== meta.version) throw fault(misfit(meta));
  // a model of floor 0 alone has no network
  const least = (size: (typeof SIZES)[number]) => (floor && size !== 'labels' ? 0 : 1);
  if (!shape || !SIZES.every((size) => isCount(shape[size], least(size))))
    throw fault(`"shape" lacks one of ${SIZES.join(', ')}`);
  if (shape.embeddingSize !== undefined && !isCount(shape.embeddingSize, 1))
    throw fault(`"embeddingSize" is ${quoted(shape.embeddingSize)}, not a positive whole number`);
  for (const [field, value] of [
    ['gated', true],
    ['rotary', true],
    ['pooling', 'mean'],
  ] as const) {
    if (shape[field] !== undefined && shape[field] !== value)
      throw fault(`"${field}" is ${quoted(shape[field])}, not ${quoted(value)}`);
  }
  const { disentangled } = shape;
  if (disentangled !== undefined && !(isCount(disentangled?.buckets, 4) && isCount(disentangled.span, 1)))
    throw fault(`"disentangled" is ${quoted(disentangled)}, not "buckets" and "span"`);
  if (!Array.isArray(labels) || labels.length !== shape.labels || !labels.every((name) => typeof name === 'string'))
    throw fault(`"labels" are not ${shape.labels} names`);
  if (typeof headKind !== 'string' || !(HEAD_KINDS as readonly string[]).includes(headKind))
    throw fault(`"headKind" is not one of ${HEAD_KINDS.join(', ')}`);
  if (answers !== undefined && !isTargetRule(answers, shape.labels))
    throw fault(
      `"answers" are neither a threshold for each of ${shape.labels} labels nor a regression with its spread`,
    );
  if (headKind !== 'none' && shape.labels < 2 && !answers)
    throw fault('"headKind" names exit heads, but with one label there is no uncertainty to exit by');
  if (typeof pairs !== 'boolean') throw fault('"pairs" is not true or false');
  if (dtype !== undefined && !DTYPES.includes(dtype)) throw fault(`"dtype" is not one of ${DTYPES.join(', ')}`);
  if (floor !== undefined && !isExitSum(floor, shape.labels))
    throw fault(`"floor" is not a weight of 0 or more, ${shape.labels} numbers as prior and a scale above 0`);
  if (temperatures !== undefined && !isTemperatures(temperatures, shape.layers))
    throw fault(`"temperatures" are not ${shape.layers} numbers above 0`);
  return {
    ...{ shape, labels, headKind, pairs },
    ...(dtype && { dtype }),
    ...(floor && { floor }),
    ...(temperatures && { temperatures }),
    ...(answers && { answers }),
  };
}

/** In words, that a version and what there is do not belong together. */
function misfit({ version, floor, temperatures, answers }: Partial<Trace> & { version?: unknown }): string {
  if ((answers !== undefined) !== (version === 4))
    return `version ${version} ${answers ? 'has' : 'lacks'} "answers", which version 4 alone has`;
  if ((temperatures !== undefined) !== (version === 3))
    return `version ${version} ${temperatures ? 'has' : 'lacks'} "temperatures", which version 3 alone has`;
  return `version ${version} ${floor ? 'has' : 'lacks'} "floor", which version 1 never has and version 2 always`;
}

function isTargetRule(value: unknown, labels: number): value is TargetRule {
  const { problemType, thresholds, spread } = (value ?? {}) as Record<string, unknown>;
  if (problemType === 'regression') return spread === null || (Number.isFinite(spread) && (spread as number) > 0);
  const isThreshold = (one: unknown) => typeof one === 'number' && one > 0 && one < 1;
  return (
    problemType === 'multi_label_classification' &&
    Array.isArray(thresholds) &&
    thresholds.length === labels &&
    thresholds.every(isThreshold)
  );
}

/** Answers are made of products of three of them, which have to be numbers too. */
const LARGEST = 1e100;

const isFigure = (value: unknown): value is number => Number.isFinite(value) && Math.abs(value as number) <= LARGEST;

const isTemperatures = (value: unknown, layers: number): boolean =>
  Array.isArray(value) && value.length === layers && value.every((one) => isFigure(one) && one > 0);

const isExitSum = (value: unknown, labels: number): value is ExitSum => {
  const { weight, prior, scale } = (value ?? {}) as Partial<ExitSum>;
  return (
    isFigure(weight) &&
    weight >= 0 &&
    isFigure(scale) &&
    scale > 0 &&
    Array.isArray(prior) &&
    prior.length === labels &&
    prior.every(isFigure)
  );
};

/** One line of a trace. Throws MP_DATA_ROW. */
export function parseEntry(
  text: string,
  { shape, headKind, floor: sum, answers }: TraceMeta,
  path: string,
  line: number,
): TraceEntry {
  const fault = (problem: string) => new PyramidError('MP_DATA_ROW', { path, line, problem });
  const entry = parse(text) as Partial<TraceEntry> | undefined;
  if (typeof entry !== 'object' || entry === null) throw fault('it is not a JSON object');
  const { label, target, length, tokens, unknown, logits, floor } = entry;
  if (answers && (label !== NO_LABEL || !isTarget(target, answers, shape.labels)))
    throw fault(
      `"target" is not ${answers.problemType === 'regression' ? 'a number' : `0 or 1 for each of ${shape.labels} labels`}`,
    );
  if (!answers && (!isCount(label, 0) || label >= shape.labels))
    throw fault(`"label" is not a whole number below ${shape.labels}`);
  if (!isCount(length, 1)) throw fault('"length" is not a positive whole number');
  if (!Array.isArray(tokens) || tokens.length !== shape.layers + 1 || !tokens.every((n) => isCount(n, 1)))
    throw fault(`"tokens" are not ${shape.layers + 1} positive whole numbers`);
  if (tokens[0] !== length || tokens.some((n, i) => i > 0 && n > tokens[i - 1]))
    throw fault('"tokens" do not start at "length", or they rise');
  if (unknown !== undefined && !(isCount(unknown, 0) && unknown <= length))
    throw fault('"unknown" is not a whole number up to "length"');
  if (!Array.isArray(logits) || logits.length !== shape.layers) throw fault(`"logits" are not ${shape.layers} rows`);
  logits.forEach((row, i) => {
    const mayBeEmpty = i < shape.layers - 1;
    const full = Array.isArray(row) && row.length === shape.labels && row.every(isFigure);
    if (!full && !(mayBeEmpty && Array.isArray(row) && row.length === 0))
      throw fault(`"logits" of layer ${i + 1} are not ${shape.labels} finite numbers`);
    if (mayBeEmpty && headKind === 'none' && row.length > 0)
      throw fault(`"logits" of layer ${i + 1} are given, but the network has no exit heads`);
  });
  const read = {
    label: label!,
    ...(answers && { target }),
    ...{ length, tokens },
    ...(unknown !== undefined && { unknown }),
    logits,
  };
  if (!sum) return read;
  const isAsked = Array.isArray(floor) && floor.length === shape.labels && floor.every(isFigure);
  if (!isAsked && !(floor === null && shape.layers > 0)) throw fault(`"floor" is not ${shape.labels} finite numbers`);
  return { ...read, floor };
}

const isTarget = (value: unknown, { problemType }: TargetRule, labels: number): boolean =>
  Array.isArray(value) &&
  value.length === (problemType === 'regression' ? 1 : labels) &&
  value.every((one) => (problemType === 'regression' ? Number.isFinite(one) : one === 0 || one === 1));

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isCount = (value: unknown, least: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least;
