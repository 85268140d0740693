/** Files by their names or by patterns of names, on this machine or in S3. Opens none of them. */
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { PyramidError } from '../errors.ts';
import { isS3 } from '../storage/s3-client.ts';
import { isS3Pattern, objectsOf } from '../storage/s3-object.ts';

/** Each once, in the order of `patterns`, those of a pattern by name. Throws MP_USAGE for a pattern without a file, MP_S3, MP_S3_PACKAGE. */
export async function filesOf(patterns: readonly string[]): Promise<string[]> {
  const found = new Map<string, string>();
  for (const pattern of patterns) {
    const paths = await (isS3(pattern) ? inS3(pattern) : onDisk(pattern));
    if (paths.length === 0)
      throw new PyramidError('MP_USAGE', { what: `no file matches ${pattern}`, todo: 'check the pattern' });
    for (const path of paths) if (!found.has(placeOf(path))) found.set(placeOf(path), path);
  }
  return [...found.values()];
}

/** What tells a file from others. */
export const placeOf = (path: string): string => (isS3(path) ? path : resolve(path));

async function onDisk(pattern: string): Promise<string[]> {
  // a file's own name may look like a pattern
  if (existsSync(pattern) || !isDynamicPattern(pattern)) return [pattern];
  return (await glob(pattern, { absolute: isAbsolute(pattern), expandDirectories: false })).sort();
}

const inS3 = async (pattern: string): Promise<string[]> =>
  isS3Pattern(pattern) ? await objectsOf(pattern) : [pattern];
