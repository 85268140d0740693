/** Bytes of a file, on this machine or in S3, by its name. Knows nothing of what they mean. */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { isS3 } from './s3-client.ts';
import { objectBytes, objectInfo, objectPart } from './s3-object.ts';

/** Read at once from a disk. */
const PIECE = 256 * 1024;

/** Throws an ErrnoException; of S3 as `objectInfo`. */
export const sizeOf = async (path: string): Promise<number> =>
  (isS3(path) ? await objectInfo(path) : await stat(path)).size;

/** From one byte to before another, at most to the end. Throws an ErrnoException; of S3 as `objectBytes`. */
export async function* bytesOf(path: string, from = 0, to = Infinity): AsyncGenerator<Uint8Array> {
  if (to <= from) return;
  if (isS3(path)) yield* objectBytes(path, from, to);
  else yield* createReadStream(path, { start: from, end: to - 1, highWaterMark: PIECE });
}

/** As `bytesOf`, in one piece. */
export async function partOf(path: string, from: number, to: number): Promise<Uint8Array> {
  if (isS3(path)) return objectPart(path, from, to);
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
