/**
 * Bearer keys: which requests need one, and whether they have it. Compared by their digests in constant time, so that
 * neither content nor length shows in how long it takes. Knows no routes.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { PyramidError } from '../../errors.ts';
import { systemLimit } from '../../system-limit.ts';

export class Keys {
  readonly #digests: readonly Buffer[];

  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digest);
  }

  /** Of `Authorization: Bearer KEY`. */
  has(header: string | undefined): boolean {
    const given = digest(/^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? '');
    let found = false;
    // every key is looked at, whether or not one before it fits
    for (const known of this.#digests) found = timingSafeEqual(known, given) || found;
    return found && header !== undefined;
  }

  get count(): number {
    return this.#digests.length;
  }
}

/** Keys of a file, one a line; `#` begins a comment. Throws MP_FILE_MISSING, MP_USAGE where there is none. */
export async function readKeys(path: string): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw systemLimit(cause) ?? new PyramidError('MP_FILE_MISSING', { path, what: 'file of keys' }, { cause });
  }
  const keys = text
    .split(/\r?\n/)
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
  if (keys.length === 0 || keys.some((key) => /\s/.test(key)))
    throw new PyramidError('MP_USAGE', {
      what: `${path} does not have one key per line`,
      todo: 'write keys without spaces',
    });
  return keys;
}

const digest = (key: string): Buffer => createHash('sha256').update(key).digest();
