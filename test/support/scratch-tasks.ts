/** A data folder with small files in two tasks' own formats: AG News (single texts, four labels) and MRPC (pairs). */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchDataset } from './scratch-data.ts';

export function writeScratchTasks(
  dataDir: string,
  {
    train = 60,
    test = 30,
    longest = 18,
  }: { readonly train?: number; readonly test?: number; readonly longest?: number } = {},
): void {
  mkdirSync(join(dataDir, 'ag_news'), { recursive: true });
  mkdirSync(join(dataDir, 'mrpc'), { recursive: true });
  for (const [split, rows, seed] of [
    ['train', train, 1],
    ['test', test, 2],
  ] as const) {
    const news = scratchDataset({ rows, labels: 3, seed, longest }).examples;
    const lines = news.map(({ text, label }) => `"${label + 1}","${text.split(' ')[0]}","${text}"`);
    writeFileSync(join(dataDir, 'ag_news', `${split}.csv`), `${lines.join('\n')}\n`);
    const pairs = scratchDataset({ rows, labels: 2, seed, pairs: true, longest }).examples;
    const table = ['Quality\t#1 ID\t#2 ID\t#1 String\t#2 String'];
    table.push(...pairs.map(({ text, pair, label }, i) => [label, i, i, text, pair].join('\t')));
    writeFileSync(join(dataDir, 'mrpc', `${split === 'test' ? 'dev' : 'train'}.tsv`), `${table.join('\n')}\n`);
  }
}

/** A network so small that a stage takes less than a second, as flags. */
export const TINY =
  '--model scratch --vocabulary-size 120 --hidden-size 16 --heads 2 --layers 4 --intermediate-size 32 --max-length 24 ' +
  '--batch-size 8 --head-batch-size 16 --learning-rate 1e-2 --delta 0.09 --epochs 3,1,1,1 --threads 1';

/** The same for the library. */
export const tinyTraining = {
  model: 'scratch',
  vocabularySize: 120,
  hiddenSize: 16,
  heads: 2,
  layers: 4,
  intermediateSize: 32,
  maxLength: 24,
  batchSize: 8,
  headBatchSize: 16,
  learningRate: 1e-2,
  jointHeadLearningRate: 1e-2,
  delta: 0.14,
  epochs: { regular: 3, soft: 1, hard: 1, heads: 1 },
  threads: 1,
} as const;
