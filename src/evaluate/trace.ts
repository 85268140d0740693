/** A trace's two files on this machine's disk; trace-lines.ts has what is in them. */
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PyramidError } from '../errors.ts';
import { metaText, parseEntry, parseMeta, type Trace, type TraceEntry, type TraceMeta } from './trace-lines.ts';

export type { Trace, TraceEntry } from './trace-lines.ts';

const metaPath = (path: string) => `${path}.meta.json`;

/**
 * Writes `path` and `path`.meta.json, whole or not at all. Logits are written in full: a rounded one could move an
 * exit. Throws MP_WRITE.
 */
export async function writeTrace(path: string, trace: Trace): Promise<void> {
  const { entries, ...rest } = trace;
  const temporary = [`${path}.${process.pid}.tmp`, `${metaPath(path)}.${process.pid}.tmp`] as const;
  try {
    await pipeline(Readable.from(lines(entries)), createWriteStream(temporary[0]));
    await writeFile(temporary[1], metaText(rest));
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
      if (text.trim() !== '') entries.push(parseEntry(text, meta, path, line));
    }
  } catch (cause) {
    if (cause instanceof PyramidError) throw cause;
    throw new PyramidError('MP_FILE_MISSING', { path, what: 'trace' }, { cause });
  }
  if (entries.length === 0) throw new PyramidError('MP_DATA_EMPTY', { path });
  return { ...meta, entries };
}

async function readMeta(path: string): Promise<TraceMeta> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new PyramidError('MP_FILE_MISSING', { path, what: "description of a trace's network" }, { cause });
  }
  return parseMeta(text, path);
}
