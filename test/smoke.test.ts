/** The first file to read: rows to a trained, pruned, exiting model in a folder, and texts through it, in seconds. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Pyramid } from '../src/index.ts';
import { train } from '../src/train/train.ts';
import { scratchDataset, tinyOptions, writeRows } from './support/scratch-data.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

describe('magic-pyramid', () => {
  const folder = temporaryFolder();

  it('trains, prunes, exits early, and gives the same answer in any batch', async () => {
    const rows = scratchDataset({ rows: 240, labels: 2, seed: 3 });
    const out = join(folder, 'model');
    const losses: number[] = [];
    const result = await train(
      tinyOptions({
        train: writeRows(folder, 'rows.csv', rows),
        out,
        method: 'mp',
        exitHead: 'pooled',
        exitTraining: 'joint',
        learningRate: 5e-3,
        epochs: { regular: 4, soft: 1, hard: 1, heads: 2 },
      }),
      (event) => {
        if (event.kind === 'step' && event.stage === 'regular') losses.push(event.loss);
      },
    );
    expect(losses.at(-1)).toBeLessThan(losses[0] / 2);
    expect(result.metrics.accuracy).toBeGreaterThan(0.8);
    expect(existsSync(join(out, 'model.safetensors'))).toBe(true);

    const pyramid = await Pyramid.load(out, { workers: 1 });
    try {
      const texts = rows.examples.slice(0, 40).map(({ text }) => text);
      const early = await pyramid.classify(texts, { tau: 1 });
      const late = await pyramid.classify(texts, { tau: null });
      const one = await pyramid.classify(texts[7], { tau: null });
      expect(early.every(({ exit }) => exit === 0)).toBe(true); // by the words alone
      expect(late.every(({ exit }) => exit === 3)).toBe(true);
      expect(one.label).toBe(late[7].label);
      expect(one.score).toBeCloseTo(late[7].score, 5);
      const right = late.filter(({ label }, i) => label === rows.labels[rows.examples[i].label]).length;
      expect(right).toBeGreaterThan(32);
    } finally {
      await pyramid.close();
    }
  });
});
