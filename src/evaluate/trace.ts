/** A trace's two files on this machine's disk; trace-lines.ts has what is in them. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { diskFolder, openFile } from '../disk-folder.ts';
import { PyramidError } from '../errors.ts';
import { checkSize, readText } from '../folder.ts';
import { needWritable, writeAllWhole } from '../write-whole.ts';
import { metaText, parseEntry, parseMeta, type Trace, type TraceEntry, type TraceMeta } from './trace-lines.ts';

export type { Trace, TraceEntry } from './trace-lines.ts';

const metaPath = (path: string) => `${path}.meta.json`;

/**
 * Writes `path` and `path`.meta.json, whole or not at all. Logits are written in full: a rounded one could move an
 * exit. Throws MP_WRITE.
 */
export async function writeTrace(path: string, trace: Trace): Promise<void> {
  const { entries, ...rest } = trace;
  await needFile(path);
  await writeAllWhole([
    { path: metaPath(path), text: metaText(rest) },
    { path, text: lines(entries) },
  ]);
}

/** Throws MP_WRITE where `path` could not hold a trace: a device or a pipe has no place beside it. */
export async function needTraceFile(path: string): Promise<void> {
  await needFile(path);
  await needWritable(path);
}
async function needFile(path: string): Promise<void> {
  const there = await stat(path).catch(() => null);
  if (there && !there.isFile() && !there.isDirectory())
    throw new PyramidError('MP_WRITE', {
      path,
      reason: 'it is not a file, and a trace also needs a second file next to it',
    });
}

function* lines(entries: readonly TraceEntry[]): Generator<string> {
  for (const { label, target, length, tokens, unknown, logits, floor } of entries)
    yield `${JSON.stringify({ label, target, length, tokens, unknown, logits, floor })}\n`;
}

/** Bytes of a trace: what is parsed of it takes several times as much memory. */
const MOST_BYTES = 2 ** 29;
/** Characters of one text's line: 24 layers of a thousand labels have half a million. */
const LONGEST_LINE = 2 ** 22;

/** Reads what `writeTrace` wrote. Throws MP_FILE_MISSING, MP_MODEL_FILE, MP_DATA_EMPTY and MP_DATA_ROW with the line. */
export async function readTrace(path: string): Promise<Trace> {
  const meta = await readMeta(path);
  const file = await openFile(path);
  if (!file) throw new PyramidError('MP_FILE_MISSING', { path, what: 'trace' });
  await file.close();
  checkSize(path, file.size, MOST_BYTES);
  const entries: TraceEntry[] = [];
  let line = 0;
  for await (const text of linesOf(path)) {
    line++;
    if (text.trim() !== '') entries.push(parseEntry(text, meta, path, line));
  }
  if (entries.length === 0) throw new PyramidError('MP_DATA_EMPTY', { path });
  return { ...meta, entries };
}

async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  let line = 1;
  for await (const text of createReadStream(path, { encoding: 'utf8' })) {
    const parts = (rest + text).split('\n');
    rest = parts.pop()!;
    for (const part of parts) yield part;
    line += parts.length;
    if (rest.length > LONGEST_LINE)
      throw new PyramidError('MP_DATA_ROW', { path, line, problem: `it is longer than ${LONGEST_LINE} characters` });
  }
  if (rest) yield rest;
}

async function readMeta(tracePath: string): Promise<TraceMeta> {
  const path = metaPath(tracePath);
  const text = await readText(diskFolder(dirname(path)), basename(path));
  if (text === null) throw new PyramidError('MP_FILE_MISSING', { path, what: "description of a trace's network" });
  return parseMeta(text, path);
}
