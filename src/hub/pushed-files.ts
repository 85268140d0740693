/**
 * Which files of a model folder `hub push` uploads: those that are known to hold no texts of rows. What a run leaves for its
 * owner (reports, example rows) and what somebody else put there is left out, unless it is asked for by name.
 */
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { glob } from 'tinyglobby';
import { openFile } from '../disk-folder.ts';
import { PyramidError } from '../errors.ts';
import { checkFetched } from '../folder.ts';

export interface PushedFile {
  /** With slashes, as the hub has it. */
  readonly path: string;
  readonly size: number; // bytes
}

/** What a loader reads; on the hub nothing of an earlier model may stay among it. */
const MODEL = [
  /^(?:config|training|vocab|tokenizer|tokenizer_config|special_tokens_map|added_tokens)\.json$/,
  /^(?:vocab|merges)\.txt$/,
  /^(?:sentencepiece\.bpe|spiece|spm)\.model$/,
  /^(?:model|floor)\.safetensors$/,
  /^model-\d+-of-\d+\.safetensors$/,
  /^model\.safetensors\.index\.json$/,
  /^onnx\/model\w*\.onnx$/,
  // logits and counts of the validation rows, without their texts
  /^trace\.jsonl(?:\.meta\.json)?$/,
];
const ABOUT = /^(?:README\.md|LICENSE(?:\.\w+)?|NOTICE|\.gitattributes)$/;

export const isOfModel = (path: string): boolean => MODEL.some((known) => known.test(path));

/**
 * The files to upload, and the names of those left out; hidden ones (`.git`) do not count. `include`: patterns of names that are
 * uploaded too. Throws MP_FILE_MISSING, MP_MODEL_FILE, and MP_USAGE for a pattern of nothing.
 */
export async function pushedFiles(
  dir: string,
  include: readonly string[],
): Promise<{ readonly files: readonly PushedFile[]; readonly leftOut: readonly string[] }> {
  const asked = new Set<string>();
  for (const pattern of include) {
    const found = (await glob(pattern, { cwd: dir })).filter((path) => !path.startsWith('..'));
    if (found.length === 0)
      throw new PyramidError('MP_USAGE', {
        what: `--include ${pattern} is no file of ${dir}`,
        todo: 'give names of files in it, or patterns',
      });
    for (const path of found) asked.add(path);
  }
  const files: PushedFile[] = [];
  const leftOut: string[] = [];
  for (const path of await filesIn(dir)) {
    if (isOfModel(path) || ABOUT.test(path) || asked.has(path)) files.push({ path, size: await sizeOf(dir, path) });
    else if (!/(?:^|\/)\./.test(path)) leftOut.push(path);
  }
  return { files, leftOut };
}

/** Links are followed: a folder of the hub's cache is made of them. */
async function filesIn(dir: string): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if ((await stat(path).catch(() => null))?.isFile()) paths.push(relative(dir, path).replaceAll('\\', '/'));
  }
  return paths.sort();
}

/** Throws MP_FILE_MISSING for a file that may not be read, MP_MODEL_FILE for one that was never downloaded. */
async function sizeOf(dir: string, path: string): Promise<number> {
  const place = join(dir, path);
  const file = await openFile(place);
  if (!file) throw new PyramidError('MP_FILE_MISSING', { path: place, what: 'file' });
  try {
    checkFetched(place, await file.read(0, Math.min(64, file.size)));
    return file.size;
  } finally {
    await file.close();
  }
}
