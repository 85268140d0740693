/**
 * The trace: the record of one pass over a data set with exits off. Accuracy, FLOPs, curves and the choice of tau all come
 * from it, because pruning does not depend on tau. JSON lines, one per text; a small second file describes the network
 * (docs/formats.md). Knows nothing of models and of files: trace.ts does.
 */
import { PyramidError, quoted } from '../errors.ts';
import { HEAD_KINDS, type HeadKind } from '../pyramid/exits/exits.ts';
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
  /** [L] of [C]: layer 1's head to the main classifier; rows of layers without a head are []. */
  readonly logits: readonly (readonly number[])[];
}

export interface Trace {
  readonly shape: NetworkShape;
  readonly labels: readonly string[];
  readonly headKind: HeadKind;
  /** The texts are pairs. */
  readonly pairs: boolean;
  /** What products with weights were computed in; left out where that is not known. */
  readonly dtype?: Dtype;
  readonly entries: readonly TraceEntry[];
}

/** What the file beside it says. */
export type TraceMeta = Omit<Trace, 'entries'>;

const FORMAT = 'magic-pyramid/trace';
const VERSION = 1;
const SIZES = ['layers', 'hiddenSize', 'heads', 'intermediateSize', 'labels'] as const;

/** The description of a trace's network as text. */
export const metaText = (meta: TraceMeta): string =>
  `${JSON.stringify({ format: FORMAT, version: VERSION, ...meta }, null, 2)}\n`;

/** `path` is for messages. Throws MP_DATA_ROW. */
export function parseMeta(text: string, path: string): TraceMeta {
  const fault = (problem: string) => new PyramidError('MP_DATA_ROW', { path, line: 1, problem });
  const meta = parse(text) as Partial<Trace> & { format?: unknown; version?: unknown };
  if (meta?.format !== FORMAT) throw fault(`it is not the description of a trace ("format" is not "${FORMAT}")`);
  if (meta.version !== VERSION) throw fault(`version ${quoted(meta.version)} is not supported, only ${VERSION}`);
  const { shape, labels, headKind, pairs, dtype } = meta;
  if (!shape || !SIZES.every((size) => isCount(shape[size], 1)))
    throw fault(`"shape" lacks one of ${SIZES.join(', ')}`);
  if (!Array.isArray(labels) || labels.length !== shape.labels || !labels.every((name) => typeof name === 'string'))
    throw fault(`"labels" are not ${shape.labels} names`);
  if (typeof headKind !== 'string' || !(HEAD_KINDS as readonly string[]).includes(headKind))
    throw fault(`"headKind" is not one of ${HEAD_KINDS.join(', ')}`);
  if (headKind !== 'none' && shape.labels < 2)
    throw fault('"headKind" names exit heads, but with one label there is no uncertainty to exit by');
  if (typeof pairs !== 'boolean') throw fault('"pairs" is not true or false');
  if (dtype !== undefined && !DTYPES.includes(dtype)) throw fault(`"dtype" is not one of ${DTYPES.join(', ')}`);
  return { shape, labels, headKind, pairs, ...(dtype && { dtype }) };
}

/** One line of a trace. Throws MP_DATA_ROW. */
export function parseEntry(text: string, { shape, headKind }: TraceMeta, path: string, line: number): TraceEntry {
  const fault = (problem: string) => new PyramidError('MP_DATA_ROW', { path, line, problem });
  const entry = parse(text) as Partial<TraceEntry> | undefined;
  if (typeof entry !== 'object' || entry === null) throw fault('it is not a JSON object');
  const { label, length, tokens, logits } = entry;
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
  return { label, length, tokens, logits };
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
