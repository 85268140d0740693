/**
 * The folder of a run, on a disk that all machines have or under a prefix in S3: its small files, and files that are there whole or
 * not at all. Knows nothing of what is in them.
 */
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { PyramidError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { isS3 } from '../storage/s3-client.ts';
import { systemLimit } from '../system-limit.ts';
import { needEmptyFolder } from '../write-folder.ts';
import { writeWhole } from '../write-whole.ts';
import { S3Folder } from './s3-folder.ts';

/** All throw MP_WRITE where they write, MP_SYSTEM_LIMIT, in S3 MP_S3 and MP_S3_PACKAGE. Names go with `/`. */
export interface RunFolder {
  /** Between two looks at a file that others may write, in milliseconds. */
  readonly lookMs: number;
  /** Throws MP_OUT_EXISTS unless there is nothing in it. */
  needEmpty(): Promise<void>;
  /** Before files are written into a folder inside. */
  make(folder: string): Promise<void>;
  /** null: there is none. */
  read(name: string): Promise<string | null>;
  /** Bytes of a file; null: there is none. */
  size(name: string): Promise<number | null>;
  /** Bytes of each file in a folder inside, by its name. */
  sizes(folder: string): Promise<ReadonlyMap<string, number>>;
  write(name: string, text: string): Promise<void>;
  /** A file that is not yet in its place. */
  begin(name: string): Promise<PendingFile>;
  remove(name: string): Promise<void>;
  /** Removes from a folder inside what killed processes have left. */
  removeLeftovers(folder: string): Promise<void>;
}

export interface PendingFile {
  write(bytes: Buffer): Promise<void>;
  /** All was written: it is kept, whatever becomes of the machine. */
  close(): Promise<void>;
  /** From now on it is in its place, instead of an earlier one. */
  take(): Promise<void>;
  /** Nothing of it stays. */
  drop(): Promise<void>;
}

/** `place`: a path, or s3://bucket/prefix. */
export const runFolder = (place: string): RunFolder => (isS3(place) ? new S3Folder(place) : new DiskFolder(place));

class DiskFolder implements RunFolder {
  readonly lookMs = 500;
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  needEmpty = (): Promise<void> => needEmptyFolder(this.#root);

  make(folder: string): Promise<void> {
    const path = join(this.#root, folder);
    return writing(path, () => makeFolder(path));
  }

  read = (name: string): Promise<string | null> => readFile(join(this.#root, name), 'utf8').catch(orElse(null));

  size = async (name: string): Promise<number | null> =>
    (await stat(join(this.#root, name)).catch(() => null))?.size ?? null;

  async sizes(folder: string): Promise<ReadonlyMap<string, number>> {
    const names = await readdir(join(this.#root, folder)).catch(orElse<string[]>([]));
    const found = new Map<string, number>();
    for (let at = 0; at < names.length; at += AT_ONCE)
      await Promise.all(
        names.slice(at, at + AT_ONCE).map(async (name) => {
          const size = await this.size(`${folder}/${name}`);
          if (size !== null) found.set(`${folder}/${name}`, size);
        }),
      );
    return found;
  }

  write = (name: string, text: string): Promise<void> => writeWhole(join(this.#root, name), text);

  async begin(name: string): Promise<PendingFile> {
    const path = join(this.#root, name);
    // in containers on many machines every process may have the number 1
    const temporary = `${path}.${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}.tmp`;
    const file = await writing(path, () => open(temporary, 'w'));
    return new TemporaryFile(path, temporary, file);
  }

  remove(name: string): Promise<void> {
    const path = join(this.#root, name);
    return writing(path, () => rm(path, { force: true }));
  }

  async removeLeftovers(folder: string): Promise<void> {
    const path = join(this.#root, folder);
    for (const name of await readdir(path).catch(() => []))
      if (name.endsWith('.tmp')) await rm(join(path, name), { force: true }).catch(() => {});
  }
}

/** For what is not there; what cannot be looked at now is another thing: a shard that is done would be done again. */
const orElse =
  <T>(otherwise: T) =>
  (cause: unknown): T => {
    const limit = systemLimit(cause);
    if (limit) throw limit;
    return otherwise;
  };

/** Files that are asked for at once. */
const AT_ONCE = 64;

class TemporaryFile implements PendingFile {
  readonly #path: string;
  readonly #temporary: string;
  #file: FileHandle | null;

  constructor(path: string, temporary: string, file: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  write = (bytes: Buffer) => writing(this.#path, () => this.#file!.appendFile(bytes));

  close = () =>
    writing(this.#path, async () => {
      await this.#file!.sync();
      await this.#file!.close();
      this.#file = null;
    });

  take = () => writing(this.#path, () => rename(this.#temporary, this.#path));

  async drop(): Promise<void> {
    await this.#file?.close().catch(() => {});
    this.#file = null;
    await rm(this.#temporary, { force: true }).catch(() => {});
  }
}

async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw systemLimit(cause) ?? new PyramidError('MP_WRITE', { path, reason: (cause as Error).message }, { cause });
  }
}
