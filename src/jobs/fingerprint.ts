/** What tells the models apart that could give different answers: a digest of the files of a model folder that decide them. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PyramidError } from '../errors.ts';
import { systemLimit } from '../system-limit.ts';

/** Configuration, weights, tokenizer. The model card and the record of the training decide nothing. */
const DECIDES = /\.(json|safetensors|txt|model)$/;
const DECIDES_NOTHING = ['training.json'];

/** SHA-256, hexadecimal, of the files that decide what the model in `dir` answers. Throws MP_FILE_MISSING. */
export async function fingerprint(dir: string): Promise<string> {
  const missing = (cause?: unknown) =>
    new PyramidError('MP_FILE_MISSING', { path: dir, what: 'model folder' }, { cause });
  const names = await readdir(dir).catch((cause) => {
    throw systemLimit(cause) ?? missing(cause);
  });
  const digest = createHash('sha256');
  let files = 0;
  for (const name of names.sort()) {
    const path = join(dir, name);
    if (!DECIDES.test(name) || DECIDES_NOTHING.includes(name) || !(await stat(path)).isFile()) continue;
    files++;
    digest.update(`${name}\0${(await stat(path)).size}\0`);
    for await (const bytes of createReadStream(path, { highWaterMark: 2 ** 20 })) digest.update(bytes);
  }
  if (files === 0) throw missing();
  return digest.digest('hex');
}

/** For sentences. */
export const shortPrint = (print: string): string => print.slice(0, 12);
