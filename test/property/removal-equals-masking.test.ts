/** Tokens that the engine removes, against a network in which every token stays and pruned ones are masked. */
import { expect, test } from 'vitest';
import { readModelFolder } from '../../src/pyramid/folder/disk-model.ts';
import { loadTokenizer } from '../../src/text/tokenizer/load-tokenizer.ts';
import { InThreadEngine } from '../support/in-thread-engine.ts';
import { maskedReference } from '../support/masked-reference.ts';
import { MAX_LENGTH, randomModel, randomTexts, UNTYPED } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();

test.each([
  { kind: 'cls', prunes: true, pairs: false, seed: 31 },
  { kind: 'pooled', prunes: true, pairs: false, seed: 32 },
  { kind: 'pooled', prunes: true, pairs: true, seed: 33 },
  { kind: 'pooled', prunes: false, pairs: false, seed: 34 },
  { kind: 'aligned', prunes: true, pairs: true, seed: 35 },
  // token types do not tell the texts of a pair
  { kind: 'pooled', prunes: true, pairs: true, seed: 36, tokenizer: UNTYPED },
  { kind: 'aligned', prunes: true, pairs: true, seed: 37, tokenizer: UNTYPED },
] as const)('$kind heads, pruning $prunes, pairs $pairs (seed $seed): removal equals masking', async (options) => {
  const { dir } = await randomModel(root, `model-${options.seed}`, options);
  const model = await readModelFolder(dir);
  const tokenizer = await loadTokenizer(dir);
  const pairs = randomTexts(options.seed + 100, 30, 20);
  const encodings = randomTexts(options.seed, 30).map((text, i) =>
    tokenizer.encode(text, options.pairs ? pairs[i] : undefined, MAX_LENGTH),
  );
  const engine = await InThreadEngine.create(model);
  await engine.run([encodings.map((encoding) => ({ encoding, rule: { tau: null, trace: true } }))]);
  await engine.close();
  expect(engine.errors).toEqual([]);
  let removed = 0;
  encodings.forEach((encoding, id) => {
    const { tokens, logits } = engine.outcomes.get(id)!;
    const expected = maskedReference(model, encoding);
    expect(tokens).toEqual(expected.tokens);
    logits.forEach((row, layer) => {
      row.forEach((value, c) => {
        expect(Math.abs(value - expected.logits[layer][c])).toBeLessThan(1e-4);
      });
    });
    removed += tokens[0] - tokens.at(-1)!;
  });
  if (options.prunes) expect(removed).toBeGreaterThan(encodings.length);
  else expect(removed).toBe(0);
});
