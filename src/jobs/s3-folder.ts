/**
 * The folder of a run under a prefix in S3, which has no renaming: an object is there whole, under its own name, when it is complete,
 * and not before. Knows nothing of what is in it.
 */
import { PyramidError } from '../errors.ts';
import { addressOf } from '../storage/s3-client.ts';
import { listObjects, objectBytes, objectInfo } from '../storage/s3-object.ts';
import { deleteObject, dropUploads, putObject, S3Upload } from '../storage/s3-upload.ts';
import type { PendingFile, RunFolder } from './run-folder.ts';

export class S3Folder implements RunFolder {
  /** Each look costs a request. */
  readonly lookMs = 5000;
  readonly #root: string;

  /** `root`: s3://bucket/prefix. Throws MP_USAGE where there is no bucket, or no prefix. */
  constructor(root: string) {
    this.#root = root.replace(/\/+$/, '');
    if (addressOf(this.#root).key === '')
      throw new PyramidError('MP_USAGE', {
        what: `${root} is a whole bucket`,
        todo: `give a name in it: ${this.#root}/answers`,
      });
  }

  #path = (name: string): string => `${this.#root}/${name}`;

  async needEmpty(): Promise<void> {
    if ((await listObjects(this.#path(''), 1)).length > 0)
      throw new PyramidError('MP_OUT_EXISTS', { path: this.#root, found: 'is not empty' });
  }

  /** There are no folders in S3. */
  async make(): Promise<void> {}

  async read(name: string): Promise<string | null> {
    const pieces: Uint8Array[] = [];
    try {
      for await (const bytes of objectBytes(this.#path(name))) pieces.push(bytes);
    } catch (error) {
      return nothing(error);
    }
    return Buffer.concat(pieces).toString('utf8');
  }

  size = (name: string): Promise<number | null> => objectInfo(this.#path(name), 1).then(({ size }) => size, nothing);

  async sizes(folder: string): Promise<ReadonlyMap<string, number>> {
    const skip = addressOf(this.#path('')).key.length;
    return new Map((await listObjects(this.#path(`${folder}/`))).map(({ key, size }) => [key.slice(skip), size]));
  }

  write = (name: string, text: string): Promise<void> => putObject(this.#path(name), text);

  async begin(name: string): Promise<PendingFile> {
    const upload = new S3Upload(this.#path(name));
    return {
      write: (bytes) => upload.write(bytes),
      // what was sent is kept by S3; the last part goes when it takes its place
      close: async () => {},
      take: () => upload.take(),
      drop: () => upload.drop(),
    };
  }

  remove = (name: string): Promise<void> => deleteObject(this.#path(name));

  removeLeftovers = (folder: string): Promise<void> => dropUploads(this.#path(`${folder}/`)).catch(() => {});
}

function nothing(error: unknown): null {
  if (error instanceof PyramidError && error.code === 'MP_FILE_MISSING') return null;
  throw error;
}
