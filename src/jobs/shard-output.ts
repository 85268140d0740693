/**
 * A shard's answers on disk: written under names of their own, synced, then renamed, the record last. Two workers that do the
 * same shard write different files of the same content, and the later one replaces the earlier. Knows nothing of models.
 */
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { PyramidError } from '../errors.ts';
import { plainValue } from '../text/plain-json.ts';
import { type Manifest, SHARDS, type Shard } from './manifest.ts';

/** Characters that are held before they are written. */
const HELD = 2 ** 18;

/** What a shard came to. It is there only when the answers are. */
export interface ShardRecord {
  /** With an answer. */
  readonly rows: number;
  /** Without one, each with its reason in the file of rejects. */
  readonly rejected: number;
  /** Of the file of answers, and of rejects. */
  readonly bytes: number;
  readonly rejectBytes: number;
  readonly begun: string;
  readonly ended: string;
  readonly host: string;
}

export interface ShardWriter {
  answer(row: object): Promise<void>;
  reject(row: object): Promise<void>;
}

/** Has `write` give all rows. Throws MP_WRITE, and what `write` throws; nothing half-written stays. */
export async function writeShard(
  out: string,
  shard: Shard,
  write: (writer: ShardWriter) => Promise<void>,
): Promise<ShardRecord> {
  const begun = new Date().toISOString();
  // in containers on many machines every process may have the number 1
  const own = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}.tmp`;
  const answers = new Lines(join(out, shard.output), own);
  const rejects = new Lines(join(out, shard.rejects), own);
  try {
    await answers.open();
    await rejects.open();
    await write({ answer: (row) => answers.add(row), reject: (row) => rejects.add(row) });
    await answers.close();
    await rejects.close();
    // without rejects no file of them, an earlier try's neither
    if (rejects.rows === 0) await rejects.leaveNone();
    else await rejects.take();
    await answers.take();
  } catch (error) {
    await answers.drop();
    await rejects.drop();
    throw error;
  }
  const record: ShardRecord = {
    rows: answers.rows,
    rejected: rejects.rows,
    bytes: answers.bytes,
    rejectBytes: rejects.bytes,
    begun,
    ended: new Date().toISOString(),
    host: hostname(),
  };
  const said = new Lines(join(out, shard.record), own);
  try {
    await said.open();
    await said.add(record);
    await said.close();
    await said.take();
  } catch (error) {
    await said.drop();
    throw error;
  }
  return record;
}

/** A file of JSON lines that is not yet in its place. */
class Lines {
  rows = 0;
  bytes = 0;
  readonly #path: string;
  readonly #temporary: string;
  #file: FileHandle | null = null;
  #held = '';

  constructor(path: string, suffix: string) {
    this.#path = path;
    this.#temporary = `${path}.${suffix}`;
  }

  open = () =>
    this.#writing(async () => {
      this.#file = await open(this.#temporary, 'w');
    });

  async add(row: object): Promise<void> {
    this.#held += `${JSON.stringify(row, plainValue)}\n`;
    this.rows++;
    if (this.#held.length >= HELD) await this.#write();
  }

  #write = () =>
    this.#writing(async () => {
      const bytes = Buffer.from(this.#held);
      this.#held = '';
      this.bytes += bytes.length;
      await this.#file!.appendFile(bytes);
    });

  async close(): Promise<void> {
    await this.#write();
    await this.#writing(async () => {
      await this.#file!.sync();
      await this.#file!.close();
      this.#file = null;
    });
  }

  take = () => this.#writing(() => rename(this.#temporary, this.#path));

  async leaveNone(): Promise<void> {
    await this.drop();
    await this.#writing(() => rm(this.#path, { force: true }));
  }

  async drop(): Promise<void> {
    await this.#file?.close().catch(() => {});
    this.#file = null;
    await rm(this.#temporary, { force: true }).catch(() => {});
  }

  async #writing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      throw new PyramidError('MP_WRITE', { path: this.#path, reason: (cause as Error).message }, { cause });
    }
  }
}

/** The record of a shard whose answers are there, whole; null: it is still to be done. */
export async function recordOf(out: string, shard: Shard): Promise<ShardRecord | null> {
  const text = await readFile(join(out, shard.record), 'utf8').catch(() => null);
  if (text === null) return null;
  let record: ShardRecord;
  try {
    record = JSON.parse(text);
  } catch {
    return null;
  }
  const size = async (name: string) => (await stat(join(out, name)).catch(() => null))?.size ?? null;
  if ((await size(shard.output)) !== record.bytes) return null;
  if (record.rejected > 0 && (await size(shard.rejects)) !== record.rejectBytes) return null;
  return record;
}

/** Files that are asked for at once. */
const AT_ONCE = 64;

/** Of each shard, in order, as `recordOf`. */
export async function recordsOf(out: string, { shards }: Manifest): Promise<(ShardRecord | null)[]> {
  const found: (ShardRecord | null)[] = [];
  for (let at = 0; at < shards.length; at += AT_ONCE)
    found.push(...(await Promise.all(shards.slice(at, at + AT_ONCE).map((shard) => recordOf(out, shard)))));
  return found;
}

/** Removes what killed workers have left, once all shards are done. */
export async function removeLeftovers(out: string): Promise<void> {
  const folder = join(out, SHARDS);
  for (const name of await readdir(folder).catch(() => [])) {
    if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true }).catch(() => {});
  }
}
