/** Files by their names or by patterns of names. Opens none of them. */
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { PyramidError } from '../errors.ts';

/** Each once, in the order of `patterns`, those of a pattern by name. Throws MP_USAGE for a pattern without a file. */
export async function filesOf(patterns: readonly string[]): Promise<string[]> {
  const found = new Map<string, string>();
  for (const pattern of patterns) {
    // a file's own name may look like a pattern
    const isPattern = !existsSync(pattern) && isDynamicPattern(pattern);
    const paths = isPattern
      ? (await glob(pattern, { absolute: isAbsolute(pattern), expandDirectories: false })).sort()
      : [pattern];
    if (paths.length === 0)
      throw new PyramidError('MP_USAGE', { what: `no file matches ${pattern}`, todo: 'check the pattern' });
    for (const path of paths) if (!found.has(resolve(path))) found.set(resolve(path), path);
  }
  return [...found.values()];
}
