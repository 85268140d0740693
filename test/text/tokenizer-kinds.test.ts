/**
 * Token ids of the kinds of tokenizers beside BERT's, against transformers 4.57 and 5.24
 * (scripts/make_tokenizer_kinds_golden.py).
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Tokenizer, tokenizerFromFiles } from '../../src/text/tokenizer/tokenizer.ts';

type Json = Readonly<Record<string, unknown>>;

interface Folder {
  readonly name: string;
  /** Contents by name; the kind's model is put in here. */
  readonly files: Readonly<Record<string, Json>>;
  /** Of each text; left out where the versions differ, so that the folder is to be refused. */
  readonly ids?: readonly (readonly number[])[];
  readonly pairs?: readonly (readonly number[])[];
}

const golden = JSON.parse(
  gunzipSync(readFileSync(new URL('tokenizer-kinds-golden.json.gz', import.meta.url))).toString(),
) as {
  /** SentencePiece's table of normal forms, to be put in where a folder has one. */
  readonly charsmap: string;
  readonly texts: readonly string[];
  readonly pairs: readonly (readonly [first: number, second: number, maxLength: number])[];
  readonly kinds: Readonly<Record<string, { readonly model: Json; readonly folders: readonly Folder[] }>>;
};

/** Refused although both versions read it alike: it is safer to say so than to follow each class’s own rule. */
const REFUSED_ALL_THE_SAME = [
  'a special token that no list has',
  'whole words first',
  'a mark before the text alone',
  'no mark by the configuration alone',
  'pairs of one type', // ids alone are compared here
];

const MODEL_TYPES: Readonly<Record<string, string>> = {
  mpnet: 'mpnet',
  byteLevel: 'roberta',
  unigram: 'xlm-roberta',
  deberta: 'deberta-v2',
};

function tokenizerOf({ files }: Folder, model: Json, kind: string): Tokenizer {
  const contents = Object.entries(files).map(([name, json]): [string, string] => {
    const content = name === 'tokenizer.json' ? { ...json, model: modelFor(json.model as Json, model) } : json;
    const text = JSON.stringify(content);
    return [name, text.replaceAll('"precompiled_charsmap":null', `"precompiled_charsmap":"${golden.charsmap}"`)];
  });
  return tokenizerFromFiles(Object.fromEntries(contents), 'model', { model_type: MODEL_TYPES[kind] });
}

function modelFor(given: Json, model: Json): Json {
  if (given.merges !== 'lines') return { ...given, ...model };
  return { ...given, ...model, merges: (model.merges as readonly string[][]).map((pair) => pair.join(' ')) };
}

describe.each(Object.entries(golden.kinds))('%s', (kind, { model, folders }) => {
  const read = folders.filter(({ name, ids }) => ids && !REFUSED_ALL_THE_SAME.includes(name));
  const refused = folders.filter((folder) => !read.includes(folder));

  it.each(read.map((folder) => [folder.name, folder] as const))('gives transformers’ ids: %s', (_name, folder) => {
    const tokenizer = tokenizerOf(folder, model, kind);
    const different = golden.texts.flatMap((text, i) => {
      const found = [...tokenizer.encode(text, undefined, 1e6).ids];
      return `${found}` === `${folder.ids![i]}` ? [] : [{ text, found, expected: folder.ids![i] }];
    });
    expect(different).toEqual([]);
    for (const [i, [first, second, maxLength]] of golden.pairs.entries()) {
      const { ids } = tokenizer.encode(golden.texts[first], golden.texts[second], maxLength);
      expect([...ids]).toEqual(folder.pairs![i]);
    }
  });

  it.each(refused.map((folder) => [folder.name, folder] as const))(
    'a folder that is not read exactly is refused: %s',
    (_name, folder) => {
      expect(() => tokenizerOf(folder, model, kind)).toThrow(expect.objectContaining({ code: 'MP_MODEL_TOKENIZER' }));
    },
  );

  it('is compared on more than 300 texts and ten folders', () => {
    expect(golden.texts.length).toBeGreaterThan(300);
    expect(read.length).toBeGreaterThanOrEqual(10);
  });
});
