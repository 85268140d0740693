/** Whether a shard's bytes are still those that were submitted. */
import { createHash } from 'node:crypto';
import { PyramidError } from '../errors.ts';
import { isS3 } from '../storage/s3-client.ts';
import { objectInfo } from '../storage/s3-object.ts';
import { bytesOf, sizeOf } from '../storage/stored-bytes.ts';
import { unreadable } from '../text/files/data-file.ts';
import type { FilePart } from '../text/files/file-part.ts';
import { formatOf } from '../text/files/format.ts';
import type { Shard, SubmittedFile } from './manifest.ts';

/** Bytes at a parquet file's end in which its rows and their places are listed. */
const FOOTER = 2 ** 16;

/**
 * Of a part's bytes, its header line among them; of a parquet file's part the file's end, since a row group cannot be told by bytes
 * alone; of an object in S3 what S3 says of all of it, so that it is read once. 32 digits.
 */
export async function partDigest(path: string, part: FilePart | null): Promise<string> {
  if (isS3(path)) {
    const { size, etag } = await objectInfo(path);
    return createHash('sha256').update(`${size}\0${etag}`).digest('hex').slice(0, 32);
  }
  const size = await sizeOf(path);
  const isParquet = formatOf(path) === '.parquet';
  const from = isParquet ? Math.max(0, size - FOOTER) : (part?.from ?? 0);
  const to = isParquet || part === null ? size : part.to;
  const digest = createHash('sha256').update(isParquet ? `${size}\0` : '');
  // what a part is read with counts too: the header line says which column is which
  const head = isParquet || from === 0 ? 0 : (part?.head?.bytes ?? 0);
  for (const [start, end] of [
    [0, head],
    [from, to],
  ] as const)
    for await (const bytes of bytesOf(path, start, end)) digest.update(bytes);
  return digest.digest('hex').slice(0, 32);
}

/** Throws MP_FILE_MISSING, MP_S3, and MP_DATA_FILE where the file was changed since. */
export async function checkDigest({ path }: SubmittedFile, { part, digest }: Shard): Promise<void> {
  const found = await partDigest(path, part).catch((cause: NodeJS.ErrnoException) => {
    if (cause instanceof PyramidError) throw cause;
    throw unreadable(path, cause.code ?? cause.message, cause);
  });
  if (found === digest) return;
  throw new PyramidError('MP_DATA_FILE', {
    path,
    problem: 'it was changed since it was submitted',
    todo: 'put the old file back, or submit the new one with another --out',
  });
}
