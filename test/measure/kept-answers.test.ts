/** Answers that are kept in files: those of the model's own trace, also where some of its exit heads are not asked. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import { KeptAnswers } from '../../src/measure/kept-answers.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();

test.each([
  { name: 'all', kind: 'pooled', asked: undefined },
  { name: 'some', kind: 'pooled', asked: [false, true, false] },
  { name: 'none', kind: 'none', asked: undefined },
] as const)(
  'answers with $name of the exit heads asked come back as the trace has them',
  async ({ name, kind, asked }) => {
    const { dir } = await randomModel(root, name, { seed: 61, kind, prunes: true });
    if (asked) {
      const path = join(dir, 'config.json');
      const config = JSON.parse(readFileSync(path, 'utf8'));
      writeFileSync(path, JSON.stringify({ ...config, pyramid: { ...config.pyramid, asked } }));
    }
    await using pyramid = await Pyramid.load(dir, { workers: 1 });
    const texts = randomTexts(61, 20, 30).map((text) => ({ text }));
    const traced = await pyramid.trace(texts);
    for (let turn = 0; turn < 2; turn++) {
      // the second time they are read from the file
      const kept = await KeptAnswers.of(pyramid, dir, join(root, `${name}.refit`));
      const found = await kept.to(texts, { onProgress: () => {} });
      for (const [i, { tokens, logits }] of found.entries()) {
        expect(tokens).toEqual(traced[i].tokens);
        expect(logits.map((row) => row.length > 0)).toEqual(traced[i].logits.map((row) => row.length > 0));
        for (const [layer, row] of logits.entries())
          for (const [c, z] of row.entries()) expect(z).toBeCloseTo(traced[i].logits[layer][c], 4);
      }
    }
  },
);
