/**
 * A run for many machines: its files are cut into shards, the manifest is written, and each shard becomes a job of the queue.
 * All that can be wrong with files and columns is found here, before a worker begins.
 */
import { resolve } from 'node:path';
import { diskFolder } from '../disk-folder.ts';
import { PyramidError } from '../errors.ts';
import type { Dtype } from '../pyramid/folder/model-folder.ts';
import { outlineOf } from '../pyramid/folder/model-folder.ts';
import { cutFile } from '../text/cut-file.ts';
import { isDelimited } from '../text/files/format.ts';
import { filesOf, placeOf } from '../text/named-files.ts';
import { partDigest } from './digest.ts';
import { fingerprint } from './fingerprint.ts';
import { SHARDS, type Shard, type SubmittedFile, shardFiles, writeManifest } from './manifest.ts';
import { ShardQueue, shown } from './queue.ts';
import { runFolder } from './run-folder.ts';

export interface SubmitOptions {
  /** Names or patterns of names. */
  readonly files: readonly string[];
  readonly out: string;
  /** The model's folder. */
  readonly model: string;
  readonly queueUrl: string;
  readonly tau: number | 'off' | null;
  readonly topK: number;
  readonly dtype: Dtype | null;
  readonly text: string | null;
  readonly pair: string | null;
  readonly delimiter: string | null;
  /** Bytes of a shard, about. */
  readonly shardBytes: number;
  /** Times that a shard is tried. */
  readonly attempts: number;
}

export interface Submitted {
  readonly files: number;
  readonly shards: number;
  readonly rows: number;
}

/**
 * `say` gets sentences for people.
 * Throws MP_OUT_EXISTS for a folder that is not empty, MP_QUEUE, MP_QUEUE_PACKAGE, MP_FILE_MISSING, MP_DATA_*, MP_MODEL_*,
 * MP_USAGE, MP_WRITE, MP_S3, MP_S3_PACKAGE.
 */
export async function submit(options: SubmitOptions, say: (sentence: string) => void): Promise<Submitted> {
  const { out, model, queueUrl, tau, topK, dtype, attempts } = options;
  const folder = runFolder(out);
  await folder.needEmpty();
  const paths = await filesOf(options.files);
  const run = crypto.randomUUID();
  const queue = await ShardQueue.open(run, queueUrl);
  try {
    const { info } = await outlineOf(diskFolder(model));
    const print = await fingerprint(model);
    const files: SubmittedFile[] = [];
    const shards: Shard[] = [];
    for (const name of paths) {
      const { read, parts, whole, notUtf8 } = await cutFile(name, {
        ...columnsFor(name, options),
        bytes: options.shardBytes,
      });
      needKind(name, read.pair !== undefined, info.pairs);
      if (whole !== null) say(`note: ${name} is one shard, since ${whole}`);
      if (notUtf8 !== null)
        say(
          `note: ${name}: ${notUtf8.rows} of its rows are not UTF-8 and will be rejected, the first in line ${notUtf8.line}`,
        );
      const path = placeOf(name);
      for (const { part, rows } of parts) {
        const digest = await partDigest(path, part);
        shards.push({ file: files.length, part, rows, digest, ...shardFiles(shards.length) });
      }
      files.push({ name, path, read });
    }
    await folder.make(SHARDS);
    const submitted = new Date().toISOString();
    const about = { path: resolve(model), fingerprint: print };
    await writeManifest(out, { run, submitted, model: about, tau, topK, dtype, attempts, files, shards });
    await queue.add([...shards.keys()], attempts).catch((cause: Error) => {
      const reason = `${cause.message}; what is to be done is written: "jobs retry ${out}" puts it into the queue`;
      throw new PyramidError('MP_QUEUE', { queue: shown(options.queueUrl), reason }, { cause });
    });
    return { files: files.length, shards: shards.length, rows: shards.reduce((sum, { rows }) => sum + rows, 0) };
  } finally {
    await queue.close();
  }
}

/** A delimiter is for csv and tsv files alone; others among them have none. */
const columnsFor = (name: string, { text, pair, delimiter }: SubmitOptions) => ({
  ...(text !== null && { text }),
  ...(pair !== null && { pair }),
  ...(delimiter !== null && isDelimited(name) && { delimiter }),
});

function needKind(name: string, pairs: boolean, expected: boolean): void {
  if (pairs === expected) return;
  throw new PyramidError('MP_USAGE', {
    what: expected
      ? `${name} has single texts, the model reads pairs`
      : `${name} has pairs, the model reads single texts`,
    todo: expected ? 'name the two columns with --text and --pair' : 'name the one column with --text',
  });
}
