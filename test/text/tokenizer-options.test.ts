/** Token ids of folders with every option, against transformers 4.57 and 5.24 (scripts/make_tokenizer_options_golden.py). */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Tokenizer, tokenizerFromFiles } from '../../src/text/tokenizer/tokenizer.ts';

interface Folder {
  readonly name: string;
  /** Contents by name; the vocabulary is put in here. */
  readonly files: Readonly<Record<string, Record<string, unknown> | null>>;
  /** Of each text; left out where the versions differ, so that the folder is to be refused. */
  readonly ids?: readonly (readonly number[])[];
  readonly pairs: readonly (readonly [ids: readonly number[], types: readonly number[]])[];
}

const golden = JSON.parse(
  gunzipSync(readFileSync(new URL('tokenizer-options-golden.json.gz', import.meta.url))).toString(),
) as {
  readonly vocabulary: readonly string[];
  readonly texts: readonly string[];
  readonly pairs: readonly (readonly [first: number, second: number, maxLength: number])[];
  readonly folders: readonly Folder[];
};
const vocab = Object.fromEntries(golden.vocabulary.map((piece, id) => [piece, id]));

function tokenizerOf({ files }: Folder): Tokenizer {
  const contents = Object.entries(files).map(([name, json]): [string, string] => {
    if (name === 'vocab.txt') return [name, golden.vocabulary.map((piece) => `${piece}\n`).join('')];
    if (name !== 'tokenizer.json') return [name, JSON.stringify(json)];
    return [name, JSON.stringify({ ...json, model: { ...(json!.model as object), vocab } })];
  });
  return tokenizerFromFiles(Object.fromEntries(contents), 'model');
}

/** Refused although both versions read it alike: one by the list of tokens, the other by their flags. */
const REFUSED_ALL_THE_SAME = ['flags differ'];

const read = golden.folders.filter(({ name, ids }) => ids && !REFUSED_ALL_THE_SAME.includes(name));
const refused = golden.folders.filter((folder) => !read.includes(folder));

describe(`token ids of ${golden.texts.length} texts, against transformers`, () => {
  it.each(read.map((folder) => [folder.name, folder] as const))('agree: %s', (_, folder) => {
    const tokenizer = tokenizerOf(folder);
    const different = golden.texts.flatMap((text, i) => {
      const found = [...tokenizer.encode(text, undefined, 1e6).ids];
      return `${found}` === `${folder.ids![i]}` ? [] : [{ text, found, expected: folder.ids![i] }];
    });
    expect(different).toEqual([]);
    for (const [i, [first, second, maxLength]] of golden.pairs.entries()) {
      const { ids, types } = tokenizer.encode(golden.texts[first], golden.texts[second], maxLength);
      expect([[...ids], [...types]]).toEqual(folder.pairs[i]);
    }
  });

  it('are for more than a hundred folders', () => {
    expect(golden.texts.length).toBe(300);
    expect(read.length).toBeGreaterThan(100);
  });
});

it.each(refused.map((folder) => [folder.name, folder] as const))(
  'a folder that versions of transformers read differently is refused: %s',
  (_, folder) => {
    expect(() => tokenizerOf(folder)).toThrow(expect.objectContaining({ code: 'MP_MODEL_TOKENIZER' }));
  },
);
