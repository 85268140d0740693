/**
 * The manifest of a run over many machines: which shards there are, where each one's answers go, and what every worker must
 * answer with. It is written whole, once, and never changed. Knows nothing of queues.
 */
import { PyramidError } from '../errors.ts';
import type { Dtype } from '../pyramid/folder/model-folder.ts';
import type { CutFile } from '../text/cut-file.ts';
import type { FilePart } from '../text/files/file-part.ts';
import type { SubmittedCampaign } from './campaign-runs.ts';
import { runFolder } from './run-folder.ts';

/** Of the manifest's own form. */
const FORMAT = 1;

/** Of a campaign's runs there are no files and shards, and no model. */
export interface Manifest extends SubmittedCampaign {
  readonly format: typeof FORMAT;
  /** Names the queue. */
  readonly run: string;
  /** When it was submitted. */
  readonly submitted: string;
  readonly model: {
    /** Where it was when the run was submitted. */
    readonly path: string;
    readonly fingerprint: string;
  };
  /** null: the model's own. */
  readonly tau: number | 'off' | null;
  readonly topK: number;
  /** null: what the model folder says. */
  readonly dtype: Dtype | null;
  /** Times that a shard is tried. */
  readonly attempts: number;
  readonly files: readonly SubmittedFile[];
  /** In the order of the files, and of the rows in them. */
  readonly shards: readonly Shard[];
}

export interface SubmittedFile {
  /** As it was given; rows name it so. */
  readonly name: string;
  /** Where workers read it. */
  readonly path: string;
  readonly read: CutFile['read'];
}

export interface Shard {
  /** Number of its file. */
  readonly file: number;
  /** null: the whole file. */
  readonly part: FilePart | null;
  /** Those that cannot be read among them. */
  readonly rows: number;
  /** Of the bytes it is read from. */
  readonly digest: string;
  /** Inside the run's folder: the answers, the rows without one, and the record that both are there. */
  readonly output: string;
  readonly rejects: string;
  readonly record: string;
}

export const SHARDS = 'shards';
const NAME = 'manifest.json';

/** Names of a shard's files, by its number: they sort in the order of the rows. */
export function shardFiles(at: number): Pick<Shard, 'output' | 'rejects' | 'record'> {
  const stem = `${SHARDS}/${String(at).padStart(6, '0')}`;
  return { output: `${stem}.jsonl`, rejects: `${stem}.rejects.jsonl`, record: `${stem}.done.json` };
}

/** Throws MP_WRITE. */
export const writeManifest = (out: string, manifest: Omit<Manifest, 'format'>): Promise<void> =>
  runFolder(out).write(NAME, `${JSON.stringify({ format: FORMAT, ...manifest }, null, 1)}\n`);

/** Throws MP_FILE_MISSING where there is none, MP_DATA_FILE where it is none of ours. */
export async function readManifest(out: string): Promise<Manifest> {
  const path = `${out.replace(/\/+$/, '')}/${NAME}`;
  const text = await runFolder(out).read(NAME);
  if (text === null) throw new PyramidError('MP_FILE_MISSING', { path, what: 'manifest of a submitted run' });
  let manifest: Partial<Manifest> | null;
  try {
    manifest = JSON.parse(text);
  } catch (cause) {
    throw new PyramidError('MP_DATA_FILE', { path, problem: 'it is not JSON' }, { cause });
  }
  const lists = [manifest?.files, manifest?.shards];
  if (manifest?.format !== FORMAT || typeof manifest.run !== 'string' || !lists.every(Array.isArray))
    throw new PyramidError('MP_DATA_FILE', {
      path,
      problem: `it is no manifest of format ${FORMAT}`,
      todo: 'use the version that the run was submitted with',
    });
  return manifest as Manifest;
}
