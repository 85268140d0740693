/**
 * The trace: what one pass over a data set with exits off leaves behind, and all that accuracy, FLOPs, curves and
 * the choice of tau are made from (pruning does not depend on tau). JSON lines, one a text, with a small file beside
 * it that says which network they came from (docs/formats.md). Knows nothing of models and runs none.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PyramidError } from '../errors.ts';
import type { HeadKind, NetworkShape } from '../pyramid/flops.ts';

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
  readonly entries: readonly TraceEntry[];
}

const FORMAT = 'magic-pyramid/trace';
const VERSION = 1;
const HEAD_KINDS: readonly string[] = ['none', 'cls', 'fastbert', 'pooled'] satisfies HeadKind[];
const SIZES = ['layers', 'hiddenSize', 'heads', 'intermediateSize', 'labels'] as const;

const metaPath = (path: string) => `${path}.meta.json`;

/**
 * Writes `path` and `path`.meta.json, whole or not at all. Logits are written in full: a rounded one could move an
 * exit. Throws MP_WRITE.
 */
export async function writeTrace(path: string, trace: Trace): Promise<void> {
  const { entries, ...rest } = trace;
  const meta = JSON.stringify({ format: FORMAT, version: VERSION, ...rest }, null, 2);
  const temporary = [`${path}.${process.pid}.tmp`, `${metaPath(path)}.${process.pid}.tmp`] as const;
  try {
    await pipeline(Readable.from(lines(entries)), createWriteStream(temporary[0]));
    await writeFile(temporary[1], `${meta}\n`);
    await rename(temporary[1], metaPath(path));
    await rename(temporary[0], path);
  } catch (cause) {
    await Promise.all(temporary.map((file) => rm(file, { force: true })));
    throw new PyramidError(
      'MP_WRITE',
      { path, reason: cause instanceof Error ? cause.message : String(cause) },
      { cause },
    );
  }
}

function* lines(entries: readonly TraceEntry[]): Generator<string> {
  for (const { label, length, tokens, logits } of entries)
    yield `${JSON.stringify({ label, length, tokens, logits })}\n`;
}

/** Reads what `writeTrace` wrote. Throws MP_FILE_MISSING, MP_DATA_EMPTY and MP_DATA_ROW with the line. */
export async function readTrace(path: string): Promise<Trace> {
  const meta = await readMeta(metaPath(path));
  const entries: TraceEntry[] = [];
  let line = 0;
  try {
    for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      line++;
      if (text.trim() !== '') entries.push(readEntry(text, meta, path, line));
    }
  } catch (cause) {
    if (cause instanceof PyramidError) throw cause;
    throw new PyramidError('MP_FILE_MISSING', { path, what: 'trace' }, { cause });
  }
  if (entries.length === 0) throw new PyramidError('MP_DATA_EMPTY', { path });
  return { ...meta, entries };
}

async function readMeta(path: string): Promise<Omit<Trace, 'entries'>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new PyramidError('MP_FILE_MISSING', { path, what: "description of a trace's network" }, { cause });
  }
  const fault = (problem: string) => new PyramidError('MP_DATA_ROW', { path, line: 1, problem });
  const meta = parse(text) as Partial<Trace> & { format?: unknown; version?: unknown };
  if (meta?.format !== FORMAT) throw fault(`it is not the description of a trace ("format" is not "${FORMAT}")`);
  if (meta.version !== VERSION) throw fault(`version ${JSON.stringify(meta.version)} is not known, only ${VERSION}`);
  const { shape, labels, headKind, pairs } = meta;
  if (!shape || !SIZES.every((size) => isCount(shape[size], 1)))
    throw fault(`"shape" lacks one of ${SIZES.join(', ')}`);
  if (!Array.isArray(labels) || labels.length !== shape.labels || !labels.every((name) => typeof name === 'string'))
    throw fault(`"labels" are not ${shape.labels} names`);
  if (typeof headKind !== 'string' || !HEAD_KINDS.includes(headKind))
    throw fault(`"headKind" is not one of ${HEAD_KINDS.join(', ')}`);
  if (typeof pairs !== 'boolean') throw fault('"pairs" is not true or false');
  return { shape, labels, headKind, pairs };
}

function readEntry(text: string, { shape, headKind }: Omit<Trace, 'entries'>, path: string, line: number): TraceEntry {
  const fault = (problem: string) => new PyramidError('MP_DATA_ROW', { path, line, problem });
  const entry = parse(text) as Partial<TraceEntry> | undefined;
  if (typeof entry !== 'object' || entry === null) throw fault('it is not a JSON object');
  const { label, length, tokens, logits } = entry;
  if (!isCount(label, 0) || label >= shape.labels) throw fault(`"label" is not a whole number below ${shape.labels}`);
  if (!isCount(length, 1)) throw fault('"length" is not a positive whole number');
  if (!Array.isArray(tokens) || tokens.length !== shape.layers + 1 || !tokens.every((n) => isCount(n, 1)))
    throw fault(`"tokens" are not ${shape.layers + 1} positive whole numbers`);
  if (tokens[0] !== length || tokens.some((n, i) => i > 0 && n > tokens[i - 1]))
    throw fault('"tokens" do not start at "length" and fall');
  if (!Array.isArray(logits) || logits.length !== shape.layers) throw fault(`"logits" are not ${shape.layers} rows`);
  logits.forEach((row, i) => {
    const mayBeEmpty = i < shape.layers - 1;
    const full = Array.isArray(row) && row.length === shape.labels && row.every(Number.isFinite);
    if (!full && !(mayBeEmpty && Array.isArray(row) && row.length === 0))
      throw fault(`"logits" of layer ${i + 1} are not ${shape.labels} finite numbers`);
    if (mayBeEmpty && headKind === 'none' && row.length > 0)
      throw fault(`"logits" of layer ${i + 1} are there, but the network has no exit heads`);
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
