/** Whether a shard's bytes are still those that were submitted. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { PyramidError } from '../errors.ts';
import type { FilePart } from '../text/files/file-part.ts';
import { formatOf } from '../text/files/format.ts';
import type { Shard, SubmittedFile } from './manifest.ts';

/** Bytes at a parquet file's end in which its rows and their places are listed. */
const FOOTER = 2 ** 16;

/** Of a part's bytes, its header line among them; of a parquet file's part the file's end, since a row group cannot be told by bytes alone. 32 digits. */
export async function partDigest(path: string, part: FilePart | null): Promise<string> {
  const { size } = await stat(path);
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
    if (end > start)
      for await (const bytes of createReadStream(path, { start, end: end - 1, highWaterMark: 2 ** 20 }))
        digest.update(bytes);
  return digest.digest('hex').slice(0, 32);
}

/** Throws MP_FILE_MISSING, and MP_DATA_FILE where the file was changed since. */
export async function checkDigest({ path }: SubmittedFile, { part, digest }: Shard): Promise<void> {
  const found = await partDigest(path, part).catch((cause: NodeJS.ErrnoException) => {
    throw new PyramidError('MP_FILE_MISSING', { path, what: `file that can be read (${cause.code})` }, { cause });
  });
  if (found === digest) return;
  throw new PyramidError('MP_DATA_FILE', {
    path,
    problem: 'it was changed since it was submitted',
    todo: 'put the old file back, or submit the new one with another --out',
  });
}
