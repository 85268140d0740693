/**
 * The client of S3 and of servers that speak its protocol, and what its errors mean in one sentence. The package is no
 * dependency; it is loaded when an s3:// address is met, and named where it is missing. Keys, region and endpoint are found by the
 * client itself (variables AWS_*, profile, role of the machine). Knows nothing of what objects hold.
 */
import type { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { PyramidError } from '../errors.ts';

export type S3Package = typeof import('@aws-sdk/client-s3');

export interface S3Address {
  readonly bucket: string;
  readonly key: string;
}

const PACKAGE = '@aws-sdk/client-s3';
/** Tries of a request, with growing pauses. */
const TRIES = 5;

export const isS3 = (path: string): boolean => /^s3:\/\//i.test(path);

/** Throws MP_USAGE where there is no bucket. */
export function addressOf(path: string): S3Address {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/?(.*)$/is.exec(path) ?? [];
  if (bucket !== undefined) return { bucket, key };
  throw new PyramidError('MP_USAGE', { what: `${path} names no bucket`, todo: 'write s3://BUCKET/NAME' });
}

interface Opened {
  readonly s3: S3Package;
  readonly client: S3Client;
}

let opened: Promise<Opened> | null = null;

/** One for the process. Throws MP_S3_PACKAGE. */
export function s3Client(): Promise<Opened> {
  opened ??= open();
  opened.catch(() => {
    opened = null;
  });
  return opened;
}

async function open(): Promise<Opened> {
  // a name that is no literal: what is built into one file does not look for it
  const [s3] = (await Promise.all([PACKAGE].map((name) => import(name).catch(() => null)))) as (S3Package | null)[];
  if (s3 === null) throw new PyramidError('MP_S3_PACKAGE', { packages: [PACKAGE] });
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env;
  // buckets of other servers are rarely names of hosts
  const forcePathStyle = Boolean(AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL);
  return { s3, client: new s3.S3Client({ maxAttempts: TRIES, forcePathStyle }) };
}

/** Does `work`. Throws what an error of the client's means: MP_FILE_MISSING, MP_S3; and MP_S3_PACKAGE. */
export async function askS3<T>(path: string, work: (opened: Opened) => Promise<T>): Promise<T> {
  const client = await s3Client();
  try {
    return await work(client);
  } catch (error) {
    throw error instanceof PyramidError ? error : inWords(path, error as S3ServiceException);
  }
}

function inWords(path: string, error: S3ServiceException): PyramidError {
  const { name, message, $metadata } = error;
  // the client's own error holds the connection and all that came over it
  const cause = Object.assign(new Error(message), { name });
  const { bucket } = addressOf(path);
  const wrong = (problem: string, todo: string) => new PyramidError('MP_S3', { path, problem, todo }, { cause });
  const status = $metadata?.httpStatusCode;
  switch (name) {
    case 'NoSuchKey':
    case 'NotFound':
      return new PyramidError('MP_FILE_MISSING', { path, what: 'object' }, { cause });
    case 'NoSuchBucket':
      return wrong(`there is no bucket "${bucket}"`, 'check its name, and AWS_REGION and AWS_ENDPOINT_URL');
    case 'AccessDenied':
    case 'Forbidden':
      return wrong('access is denied', 'give the key or the role the right to read, write and list there');
    case 'CredentialsProviderError':
      return wrong('there are no credentials', 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE');
    case 'InvalidAccessKeyId':
    case 'SignatureDoesNotMatch':
    case 'ExpiredToken':
      return wrong(`the credentials are refused (${name})`, 'check AWS_ACCESS_KEY_ID and what belongs to it');
    case 'PreconditionFailed':
      return wrong('it was changed while it was read', 'begin again');
  }
  if (/region is missing/i.test(message)) return wrong('the region is not known', 'set AWS_REGION');
  if (status === 403)
    return wrong('access is denied', 'give the key or the role the right to read, write and list there');
  return wrong(`the server says: ${message || name}`, 'check AWS_ENDPOINT_URL and the network, and try again');
}
