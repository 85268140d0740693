import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../src/text/tokenizer/load-tokenizer.ts';
import { type Tokenizer, tokenizerFromFiles } from '../../src/text/tokenizer/tokenizer.ts';

interface Case {
  readonly text: string;
  readonly pair: string | null;
  readonly maxLength: number;
  readonly ids: readonly number[];
  readonly types: readonly number[];
}

/** The cases that come out otherwise, with what came out. */
const different = (tokenizer: Tokenizer, cases: readonly Case[]) =>
  cases.flatMap((c) => {
    const found = tokenizer.encode(c.text, c.pair ?? undefined, c.maxLength);
    const same = `${found.ids}` === `${c.ids}` && `${found.types}` === `${c.types}`;
    return same ? [] : [{ ...c, found: [...found.ids], foundTypes: [...found.types] }];
  });

describe('token ids of nasty texts, against transformers', () => {
  const golden = JSON.parse(readFileSync(new URL('tokenizer-golden.json', import.meta.url), 'utf8')) as {
    pieces: string[];
    sets: { lowerCase: boolean; cases: Case[] }[];
  };
  for (const { lowerCase, cases } of golden.sets) {
    it(`agree in all ${cases.length} cases, ${lowerCase ? 'uncased' : 'cased'}, from a vocab.txt alone`, () => {
      const tokenizer = tokenizerFromFiles({
        'vocab.txt': golden.pieces.join('\n'),
        'tokenizer_config.json': JSON.stringify({ do_lower_case: lowerCase }),
      });
      expect(tokenizer.vocabularySize).toBe(golden.pieces.length);
      expect(cases.length).toBeGreaterThan(0);
      expect(different(tokenizer, cases)).toEqual([]);
    });
  }
});

const file = '../shared/golden/minilm_tokens.json';
const model = '../shared/models/all-MiniLM-L6-v2';
const missing = [file, model].filter((path) => !existsSync(path));

describe.skipIf(missing.length > 0)(`token ids with BERT's vocabulary${missing.map((m) => ` (no ${m})`)}`, () => {
  it('agree with transformers in every case of the file', async () => {
    const cases = (JSON.parse(readFileSync(file, 'utf8')) as Record<string, never>[]).map(
      (c): Case => ({ text: c.text, pair: c.pair, maxLength: c.max_length, ids: c.input_ids, types: c.token_type_ids }),
    );
    const tokenizer = await loadTokenizer(model);
    expect(tokenizer.vocabularySize).toBe(30522);
    expect(cases.length).toBe(566);
    expect(different(tokenizer, cases)).toEqual([]);
    const { 'vocab.txt': vocabulary, 'tokenizer_config.json': config } = tokenizer.files;
    const rebuilt = tokenizerFromFiles({ 'vocab.txt': vocabulary, 'tokenizer_config.json': config });
    expect(different(rebuilt, cases)).toEqual([]);
  });
});
