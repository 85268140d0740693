/**
 * The models that --model names: a folder or a name on the hub, with a name of its own before `=` where it has one. What
 * is there as a folder is that folder, whatever characters its name has. Looks at the disk, reads nothing.
 */
import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { PyramidError } from '../errors.ts';
import type { ModelSource } from './served-model.ts';

/** Undefined for what is no text. Throws MP_USAGE for names that are no names, or that are given twice. */
export function readModels(raw: unknown): readonly ModelSource[] | undefined {
  const given = Array.isArray(raw) ? raw : [raw];
  if (!given.every((one): one is string => typeof one === 'string')) return undefined;
  const words = given.flatMap(atCommas);
  if (words.length === 0 || words.includes('')) return undefined;
  const sources = words.map(sourceOf);
  const names = sources.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new PyramidError('MP_USAGE', { what: `two models are named "${twice}"`, todo: 'give --model NAME=DIR' });
  return sources;
}

/** Parts between commas, but for commas that belong to a folder's name. */
function atCommas(text: string): string[] {
  const parts = text.split(',');
  const words: string[] = [];
  for (let from = 0; from < parts.length; ) {
    let to = parts.length;
    while (to > from + 1 && !namesFolder(parts.slice(from, to).join(','))) to--;
    words.push(parts.slice(from, to).join(',').trim());
    from = to;
  }
  return words;
}

/** Letters and digits of any script: a name stands in addresses, headers and metrics. */
const NAME = /^(?!\.{1,2}$)[\p{L}\p{M}\p{N}._-]{1,100}$/u;

/** The two sides of NAME=DIR; none where there is no name, or where it has a slash and is a path. */
const sidesOf = (word: string): readonly string[] => /^([^=/\\]*)=(.+)$/s.exec(word)?.slice(1) ?? [];

function namesFolder(word: string): boolean {
  const [name, dir] = sidesOf(word);
  return isFolder(word) || (dir !== undefined && NAME.test(name) && isFolder(dir));
}

function sourceOf(word: string): ModelSource {
  const [name, dir] = sidesOf(word);
  if (dir === undefined || isFolder(word)) return { name: nameFor(word), dir: word };
  if (!NAME.test(name))
    throw new PyramidError('MP_USAGE', {
      what: `--model ${word}: "${name}" cannot be a model's name, and there is no folder ${word}`,
      todo: 'give NAME=DIR, with a name of letters, digits, ".", "_" and "-"',
    });
  return { name: name.normalize('NFC'), dir };
}

/** The last part of a folder's path or of a hub id, there without its revision. */
function nameFor(dir: string): string {
  const last = isFolder(dir)
    ? basename(resolve(dir))
    : dir.replace(/[\\/]+$/, '').split(/[\\/]/).at(-1)!.replace(/@.*/, ''); // biome-ignore format: one line
  const name = last.normalize('NFC').replace(/[^\p{L}\p{M}\p{N}._-]/gu, '-').slice(0, 100); // biome-ignore format: one line
  return NAME.test(name) ? name : 'model';
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // what cannot be looked at is no folder of ours, and loading it says why
  }
}
