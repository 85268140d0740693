/** Objects of S3 read by ranges of bytes, one after another, and found by patterns of their names. */
import { PyramidError } from '../errors.ts';
import { addressOf, askS3, type S3Address } from './s3-client.ts';

/** Bytes that are asked for at once. */
const RANGE = 8 * 2 ** 20;
/** Tries of a range whose bytes stop coming. */
const TRIES = 4;

export interface ObjectInfo {
  readonly size: number;
  /** Another one where the object was replaced. */
  readonly etag: string;
  readonly start: Uint8Array;
}

/** Throws MP_FILE_MISSING, MP_S3, MP_S3_PACKAGE; as all here. */
export async function objectInfo(path: string, bytes = 1024): Promise<ObjectInfo> {
  const { size, etag, bytes: start } = await range(path, 0, bytes);
  return { size, etag, start };
}

/** Bytes from one to before another, at most to the end. */
export async function objectPart(path: string, from: number, to: number): Promise<Uint8Array> {
  return to > from ? (await range(path, from, to)).bytes : new Uint8Array(0);
}

/** As `objectPart`, in pieces; the next is on its way while one is used. */
export async function* objectBytes(path: string, from = 0, to = Infinity): AsyncGenerator<Uint8Array> {
  if (to <= from) return;
  let coming = range(path, from, Math.min(from + RANGE, to));
  let first: string | undefined;
  for (let at = from; ; ) {
    const { bytes, size, etag } = await coming;
    first ??= etag;
    const end = Math.min(to, size);
    at += bytes.length;
    if (at < end && bytes.length > 0) {
      coming = range(path, at, Math.min(at + RANGE, end), first);
      coming.catch(() => {}); // who leaves the loop no longer asks for it
    }
    yield bytes;
    if (at >= end || bytes.length === 0) return;
  }
}

interface Range {
  readonly bytes: Uint8Array;
  readonly size: number;
  readonly etag: string;
}

/** `etag`: that it must still have. */
function range(path: string, from: number, to: number, etag?: string): Promise<Range> {
  const { bucket: Bucket, key: Key } = addressOf(path);
  return askS3(path, async ({ s3, client }) => {
    for (let tries = 1; ; tries++) {
      try {
        const asked = { Bucket, Key, Range: `bytes=${from}-${to - 1}`, ...(etag !== undefined && { IfMatch: etag }) };
        const { Body, ContentRange, ETag = '' } = await client.send(new s3.GetObjectCommand(asked));
        const size = /\/(\d+)$/.exec(ContentRange ?? '')?.[1];
        if (size === undefined) {
          (Body as { destroy?: () => void } | undefined)?.destroy?.();
          throw new PyramidError('MP_S3', {
            path,
            problem: 'the server gives no parts of objects (it ignores Range)',
            todo: 'use a server that does, or copy the file to a folder',
          });
        }
        return { bytes: await Body!.transformToByteArray(), size: Number(size), etag: ETag };
      } catch (error) {
        const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
        // nothing begins at the end of an object: an empty one, or one that has become shorter
        if (name === 'InvalidRange' || $metadata?.httpStatusCode === 416)
          return { bytes: new Uint8Array(0), size: from, etag: etag ?? '' };
        // the client tries requests again, not bodies that break off
        if (error instanceof PyramidError || $metadata !== undefined || tries === TRIES || !isBroken(error))
          throw error;
      }
    }
  });
}

const isBroken = (error: unknown) =>
  ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE'].includes((error as { code: string }).code) ||
  (error as Error).message === 'aborted';

export interface Listed {
  readonly key: string;
  readonly size: number;
}

/** In the order of their keys. */
export function listObjects(path: string, most = Infinity): Promise<Listed[]> {
  const { bucket, key } = addressOf(path);
  return askS3(path, async ({ s3, client }) => {
    const found: Listed[] = [];
    let ContinuationToken: string | undefined;
    do {
      const MaxKeys = Math.min(1000, most - found.length);
      const page = await client.send(
        new s3.ListObjectsV2Command({ Bucket: bucket, Prefix: key, ContinuationToken, MaxKeys }),
      );
      for (const { Key, Size = 0 } of page.Contents ?? []) if (Key) found.push({ key: Key, size: Size });
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined && found.length < most);
    return found;
  });
}

/** Whether a pattern is meant: `*` (all but /), `**` (all), `?` (one character). */
export const isS3Pattern = (path: string): boolean => /[*?]/.test(path);

/** Addresses of the objects that a pattern names, sorted. */
export async function objectsOf(pattern: string): Promise<string[]> {
  const { bucket, key }: S3Address = addressOf(pattern);
  const prefix = key.slice(0, key.search(/[*?]/));
  const expression = new RegExp(
    `^${key
      .split(/(\*\*|\*|\?)/)
      .map((part) => ({ '**': '.*', '*': '[^/]*', '?': '[^/]' })[part] ?? part.replace(/[.+^${}()|[\]\\]/g, '\\$&'))
      .join('')}$`,
    's',
  );
  const found = await listObjects(`s3://${bucket}/${prefix}`);
  // what ends in / stands for a folder
  return found.flatMap(({ key }) => (expression.test(key) && !key.endsWith('/') ? [`s3://${bucket}/${key}`] : []));
}
