/**
 * A folder of files that are read, wherever it lies: on a disk (disk-folder.ts), behind an address or dropped onto a
 * page (src/web). Knows nothing of what the files hold, except how large they may be and how to recognise a file
 * that was never downloaded.
 */
import { PyramidError } from './errors.ts';

export interface Folder {
  /** Where it lies, for messages. */
  readonly path: string;
  /** Bytes that what is read of it may take in memory; left out where that is not known. */
  readonly memory?: number;
  /** null: there is no such file. Throws what keeps a file that is there from being opened. */
  open(name: string): Promise<FolderFile | null>;
  /** Whether there is such a file, without reading it. */
  has(name: string): Promise<boolean>;
}

export interface FolderFile {
  /** Bytes. */
  readonly size: number;
  /** The bytes from `from` up to `to`, both within the file, in a buffer of their own. */
  read(from: number, to: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** The path of a file in the folder at `dir`, for messages. */
export const pathIn = (dir: string, name: string): string => (/[/\\]$/.test(dir) ? dir + name : `${dir}/${name}`);

/** Bytes that a file read as one text may have: the largest tokenizer.json in use is 33 MB. */
export const TEXT_BYTES = 64 * 2 ** 20;
/** Bytes of a trace that a page reads: half of what a JavaScript string can hold. */
export const TRACE_BYTES = 256 * 2 ** 20;
/** Objects and lists within one another: what is deeper can be parsed, but neither copied nor written again. */
const DEEPEST = 64;

/** A file's content; null: there is no such file. Throws MP_MODEL_FILE if it is too large, a Git LFS pointer or not UTF-8. */
export async function readText(folder: Folder, name: string, most = TEXT_BYTES): Promise<string | null> {
  const file = await folder.open(name);
  if (!file) return null;
  const path = pathIn(folder.path, name);
  try {
    checkSize(path, file.size, most);
    const bytes = await file.read(0, file.size);
    checkFetched(path, bytes);
    try {
      return new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }).decode(bytes);
    } catch (cause) {
      throw new PyramidError('MP_MODEL_FILE', { path, problem: 'it is not UTF-8' }, { cause });
    }
  } finally {
    await file.close();
  }
}

/** Throws MP_MODEL_FILE for a file of more bytes than it may have. */
export function checkSize(path: string, size: number, most: number): void {
  if (size <= most) return;
  throw new PyramidError('MP_MODEL_FILE', {
    path,
    problem: `it has ${mebibytes(size)}, more than the maximum of ${mebibytes(most)} for this file`,
    todo: 'use the file that belongs to the model',
  });
}

export const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`;

/** Throws MP_MODEL_FILE if a file's first bytes say that something else was saved in its place. */
export function checkFetched(path: string, bytes: Uint8Array): void {
  const begins = new TextDecoder('latin1').decode(bytes.subarray(0, 64));
  if (begins.startsWith('version https://git-lfs.github.com/spec/'))
    throw new PyramidError('MP_MODEL_FILE', {
      path,
      problem: 'it is a Git LFS pointer, not the file itself',
      todo: 'run "git lfs pull" in the cloned repository',
    });
  if (/^\s*<(?:!doctype html|html)/i.test(begins))
    throw new PyramidError('MP_MODEL_FILE', {
      path,
      problem: 'it is a web page, not the file itself',
      todo: 'download the file itself',
    });
}

/** Makes the error that names the file from the sentence's middle ("it is not JSON"). */
type Fault = (problem: string, cause?: unknown) => Error;

/** `text` as JSON. */
export function jsonIn(text: string, fault: Fault): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fault('it is not JSON', cause);
  }
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) throw fault(`its values are nested more than ${DEEPEST} deep`);
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return value;
}

/** `text` as a JSON object. */
export function jsonObjectIn(text: string, fault: Fault): Record<string, unknown> {
  const value = jsonIn(text, fault);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fault('it is not a JSON object');
  return value as Record<string, unknown>;
}
