/** Rows that a small network learns in seconds, and what training asks for, from a seed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomStream } from '../../src/random.ts';
import type { Dataset } from '../../src/text/index.ts';
import type { EncodedSet } from '../../src/train/batch.ts';
import { type GivenTrainOptions, resolveTrainOptions } from '../../src/train/options/resolve.ts';
import { encodeSet } from '../../src/train/start/encoded-rows.ts';
import { type Start, startingModel } from '../../src/train/start/starting-model.ts';

const topics = [
  'sport goal match team score win',
  'market bank share price trade stock',
  'film actor scene plot cinema star',
];
const common = 'the a of in and was is it that for on with as at by an from this'.split(' ');

export interface ScratchData {
  readonly rows?: number;
  readonly labels?: number;
  readonly seed?: number;
  readonly pairs?: boolean;
  readonly longest?: number; // words
}

/** Texts of common words with some of their label's own among them. */
export function scratchDataset({ rows = 60, labels = 2, seed = 1, pairs = false, longest = 14 }: ScratchData): Dataset {
  const random = randomStream(seed, 'rows');
  const text = (label: number) => {
    const own = topics[label].split(' ');
    const length = 3 + random.integer(longest - 2);
    return Array.from({ length }, () => {
      const from = random.next() < 0.3 ? own : common;
      return from[random.integer(from.length)];
    }).join(' ');
  };
  const examples = Array.from({ length: rows }, (_, i) => {
    const label = i % labels;
    return pairs ? { text: text(label), pair: text(random.integer(labels)), label } : { text: text(label), label };
  });
  return { name: 'scratch', labels: Array.from({ length: labels }, (_, label) => `topic ${label}`), pairs, examples };
}

/** The rows as a csv file with the columns text, (pair,) label. */
export function writeRows(folder: string, name: string, { examples, labels, pairs }: Dataset): string {
  const path = join(folder, name);
  const lines = examples.map(({ text, pair, label }) => [text, ...(pairs ? [pair] : []), labels[label]].join(','));
  writeFileSync(path, `${['text', ...(pairs ? ['pair'] : []), 'label'].join(',')}\n${lines.join('\n')}\n`);
  return path;
}

/** A run so small that a stage takes less than a second. */
export const tinyOptions = (given: GivenTrainOptions = {}) =>
  resolveTrainOptions({
    model: 'scratch',
    train: 'rows.csv',
    out: 'out',
    vocabularySize: 120,
    hiddenSize: 16,
    heads: 2,
    layers: 3,
    intermediateSize: 32,
    maxLength: 24,
    batchSize: 8,
    headBatchSize: 16,
    learningRate: 2e-3,
    epochs: { regular: 1, soft: 1, hard: 1, heads: 1 },
    checkpointEvery: 0,
    threads: 1,
    ...given,
  });

/** A fresh tiny network with its tokeniser and encoded rows. */
export async function tinyStart(
  dataset: Dataset,
  options: ReturnType<typeof tinyOptions>,
  student = false,
): Promise<Start & { readonly set: EncodedSet }> {
  const start = await startingModel(options, { train: dataset }, student);
  return { ...start, set: encodeSet(start.tokenizer, dataset, options.maxLength) };
}
