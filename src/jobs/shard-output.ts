/**
 * A shard's answers in the run's folder: each file takes its place when it is whole, the record last. Two workers that do the same
 * shard write different files of the same content, and the later one replaces the earlier. Knows nothing of models.
 */
import { hostname } from 'node:os';
import { plainValue } from '../text/plain-json.ts';
import { type Manifest, SHARDS, type Shard } from './manifest.ts';
import { type PendingFile, type RunFolder, runFolder } from './run-folder.ts';

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

/** Has `write` give all rows. Throws MP_WRITE, MP_S3, and what `write` throws; nothing half-written stays. */
export async function writeShard(
  out: string,
  shard: Shard,
  write: (writer: ShardWriter) => Promise<void>,
): Promise<ShardRecord> {
  const begun = new Date().toISOString();
  const folder = runFolder(out);
  const answers = await Lines.begin(folder, shard.output);
  const rejects = await Lines.begin(folder, shard.rejects).catch(async (error) => {
    await answers.drop();
    throw error;
  });
  try {
    await write({ answer: (row) => answers.add(row), reject: (row) => rejects.add(row) });
    await answers.close();
    await rejects.close();
    // without rejects no file of them, an earlier try's neither
    if (rejects.rows === 0) await Promise.all([rejects.drop(), folder.remove(shard.rejects)]);
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
  const said = await Lines.begin(folder, shard.record);
  try {
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
  readonly #file: PendingFile;
  #held = '';

  private constructor(file: PendingFile) {
    this.#file = file;
  }

  static begin = async (folder: RunFolder, name: string): Promise<Lines> => new Lines(await folder.begin(name));

  async add(row: object): Promise<void> {
    this.#held += `${JSON.stringify(row, plainValue)}\n`;
    this.rows++;
    if (this.#held.length >= HELD) await this.#write();
  }

  async #write(): Promise<void> {
    const bytes = Buffer.from(this.#held);
    this.#held = '';
    this.bytes += bytes.length;
    if (bytes.length > 0) await this.#file.write(bytes);
  }

  async close(): Promise<void> {
    await this.#write();
    await this.#file.close();
  }

  take = () => this.#file.take();
  drop = () => this.#file.drop();
}

/** The record of a shard whose answers are there, whole; null: it is still to be done. Throws MP_S3. */
export async function recordOf(out: string, shard: Shard): Promise<ShardRecord | null> {
  const folder = runFolder(out);
  return wholeRecord(folder, shard, (name) => folder.size(name));
}

async function wholeRecord(
  folder: RunFolder,
  shard: Shard,
  size: (name: string) => number | null | undefined | Promise<number | null>,
): Promise<ShardRecord | null> {
  const text = await folder.read(shard.record);
  if (text === null) return null;
  let record: ShardRecord;
  try {
    record = JSON.parse(text);
  } catch {
    return null;
  }
  if ((await size(shard.output)) !== record.bytes) return null;
  if (record.rejected > 0 && (await size(shard.rejects)) !== record.rejectBytes) return null;
  return record;
}

/** Files that are asked for at once. */
const AT_ONCE = 64;

/** Of each shard, in order, as `recordOf`. */
export async function recordsOf(out: string, { shards }: Manifest): Promise<(ShardRecord | null)[]> {
  const folder = runFolder(out);
  const sizes = await folder.sizes(SHARDS);
  const found: (ShardRecord | null)[] = [];
  for (let at = 0; at < shards.length; at += AT_ONCE)
    found.push(
      ...(await Promise.all(
        shards
          .slice(at, at + AT_ONCE)
          .map((shard) => (sizes.has(shard.record) ? wholeRecord(folder, shard, (name) => sizes.get(name)) : null)),
      )),
    );
  return found;
}

/** Removes what killed workers have left, once all shards are done. */
export const removeLeftovers = (out: string): Promise<void> => runFolder(out).removeLeftovers(SHARDS);
