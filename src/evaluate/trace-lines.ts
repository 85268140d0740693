/**
 * The trace: the record of one pass over a data set with exits off. Accuracy, FLOPs, curves and the choice of tau all come
 * from it, because pruning does not depend on tau. JSON lines, one per text; a small second file describes the network
 * (docs/formats.md). Knows nothing of models and of files: trace.ts does.
 */
import { PyramidError, quoted } from '../errors.ts';
import { HEAD_KINDS, type HeadKind } from '../pyramid/exits/exits.ts';
import type { ExitSum, ExitTemperatures } from '../pyramid/exits/sum.ts';
import { DTYPES, type Dtype } from '../pyramid/folder/model-folder.ts';
import type { NetworkShape } from '../pyramid/shape.ts';

/** One text. L layers, C labels. */
export interface TraceEntry {
  /** Index of the true label. */
  readonly label: number;
  /** Tokens of the text as the network got it, special ones included. */
  readonly length: number;
  /** [L+1]: tokens that enter layer 1, then those left after each layer. */
  readonly tokens: readonly number[];
  /**
   * [L] of [C]: layer 1's head to the main classifier; rows of layers without a head are []. The network's own: what floor 0
   * adds is not in them, and no temperature is.
   */
  readonly logits: readonly (readonly number[])[];
  /** [C]: z_0, floor 0's own logits; null where the text has no feature. Left out where the model has no floor. */
  readonly floor?: readonly number[] | null;
}

export interface Trace {
  readonly shape: NetworkShape;
  readonly labels: readonly string[];
  readonly headKind: HeadKind;
  /** The texts are pairs. */
  readonly pairs: boolean;
  /** What products with weights were computed in; left out where that is not known. */
  readonly dtype?: Dtype;
  /** How floor 0 enters the exits; left out where the model has no floor. */
  readonly floor?: ExitSum;
  /** [L]: of each layer's exit; left out where all are 1. */
  readonly temperatures?: ExitTemperatures;
  readonly entries: readonly TraceEntry[];
}

/** What the file beside it says. */
export type TraceMeta = Omit<Trace, 'entries'>;

const FORMAT = 'magic-pyramid/trace';
/** 2: there is a floor 0, whose logits are summed into every exit. 3: exits have temperatures. Else a trace is written as version 1. */
const VERSIONS = [1, 2, 3];
const SIZES = ['layers', 'hiddenSize', 'heads', 'intermediateSize', 'labels'] as const;

const versionOf = ({ floor, temperatures }: Pick<TraceMeta, 'floor' | 'temperatures'>): number =>
  temperatures ? 3 : floor ? 2 : 1;

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
  const { shape, labels, headKind, pairs, dtype, floor, temperatures } = meta;
  if (versionOf({ floor, temperatures }) !== meta.version) throw fault(misfit(meta));
  // a model of floor 0 alone has no network
  const least = (size: (typeof SIZES)[number]) => (floor && size !== 'labels' ? 0 : 1);
  if (!shape || !SIZES.every((size) => isCount(shape[size], least(size))))
    throw fault(`"shape" lacks one of ${SIZES.join(', ')}`);
  if (shape.embeddingSize !== undefined && !isCount(shape.embeddingSize, 1))
    throw fault(`"embeddingSize" is ${quoted(shape.embeddingSize)}, not a positive whole number`);
  if (!Array.isArray(labels) || labels.length !== shape.labels || !labels.every((name) => typeof name === 'string'))
    throw fault(`"labels" are not ${shape.labels} names`);
  if (typeof headKind !== 'string' || !(HEAD_KINDS as readonly string[]).includes(headKind))
    throw fault(`"headKind" is not one of ${HEAD_KINDS.join(', ')}`);
  if (headKind !== 'none' && shape.labels < 2)
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
  };
}

/** In words, that a version and what there is do not belong together. */
function misfit({ version, floor, temperatures }: Partial<Trace> & { version?: unknown }): string {
  if ((temperatures !== undefined) !== (version === 3))
    return `version ${version} ${temperatures ? 'has' : 'lacks'} "temperatures", which version 3 alone has`;
  return `version ${version} ${floor ? 'has' : 'lacks'} "floor", which version 1 never has and version 2 always`;
}

const isTemperatures = (value: unknown, layers: number): boolean =>
  Array.isArray(value) && value.length === layers && value.every((one) => Number.isFinite(one) && one > 0);

const isExitSum = (value: unknown, labels: number): value is ExitSum => {
  const { weight, prior, scale } = (value ?? {}) as Partial<ExitSum>;
  return (
    Number.isFinite(weight) &&
    weight! >= 0 &&
    Number.isFinite(scale) &&
    scale! > 0 &&
    Array.isArray(prior) &&
    prior.length === labels &&
    prior.every(Number.isFinite)
  );
};

/** One line of a trace. Throws MP_DATA_ROW. */
export function parseEntry(
  text: string,
  { shape, headKind, floor: sum }: TraceMeta,
  path: string,
  line: number,
): TraceEntry {
  const fault = (problem: string) => new PyramidError('MP_DATA_ROW', { path, line, problem });
  const entry = parse(text) as Partial<TraceEntry> | undefined;
  if (typeof entry !== 'object' || entry === null) throw fault('it is not a JSON object');
  const { label, length, tokens, logits, floor } = entry;
  if (!isCount(label, 0) || label >= shape.labels) throw fault(`"label" is not a whole number below ${shape.labels}`);
  if (!isCount(length, 1)) throw fault('"length" is not a positive whole number');
  if (!Array.isArray(tokens) || tokens.length !== shape.layers + 1 || !tokens.every((n) => isCount(n, 1)))
    throw fault(`"tokens" are not ${shape.layers + 1} positive whole numbers`);
  if (tokens[0] !== length || tokens.some((n, i) => i > 0 && n > tokens[i - 1]))
    throw fault('"tokens" do not start at "length", or they rise');
  if (!Array.isArray(logits) || logits.length !== shape.layers) throw fault(`"logits" are not ${shape.layers} rows`);
  logits.forEach((row, i) => {
    const mayBeEmpty = i < shape.layers - 1;
    const full = Array.isArray(row) && row.length === shape.labels && row.every(Number.isFinite);
    if (!full && !(mayBeEmpty && Array.isArray(row) && row.length === 0))
      throw fault(`"logits" of layer ${i + 1} are not ${shape.labels} finite numbers`);
    if (mayBeEmpty && headKind === 'none' && row.length > 0)
      throw fault(`"logits" of layer ${i + 1} are given, but the network has no exit heads`);
  });
  if (!sum) return { label, length, tokens, logits };
  const isAsked = Array.isArray(floor) && floor.length === shape.labels && floor.every(Number.isFinite);
  if (!isAsked && !(floor === null && shape.layers > 0)) throw fault(`"floor" is not ${shape.labels} finite numbers`);
  return { label, length, tokens, logits, floor };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isCount = (value: unknown, least: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least;
