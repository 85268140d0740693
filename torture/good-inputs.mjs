// Good inputs that the torture suite starts from: data files of every format, a small trained model with its trace and the
// checkpoint of a run that was stopped. Made by the built command line itself, in seconds.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { randomStream } from '../dist/random.js';

export const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** Runs the command line to its end. Throws what it says where it fails. */
export function magicPyramid(args, options = {}) {
  const { status, stderr, stdout } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', ...options });
  if (status !== 0) throw new Error(`magic-pyramid ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Rows of two labels whose words tell them apart, but for one in ten. */
export function rows(seed, count, wordsInText = 12) {
  const random = randomStream(seed, 'torture rows');
  return Array.from({ length: count }, () => {
    const label = random.integer(2);
    const words = Array.from({ length: 3 + random.integer(wordsInText) }, () => {
      const own = random.next() < 0.25 && random.next() < 0.9;
      return own ? `${label ? 'good' : 'bad'}${random.integer(20)}` : `word${random.integer(200)}`;
    });
    return { text: words.join(' '), label: label ? 'yes' : 'no' };
  });
}

const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
export const csvOf = (list) => `text,label\n${list.map(({ text, label }) => `${quoted(text)},${label}\n`).join('')}`;
export const jsonlOf = (list) => list.map((row) => `${JSON.stringify(row)}\n`).join('');

/** Good data files by format: the same rows, odd ones among them. */
export function dataFiles(seed) {
  const list = [
    ...rows(seed, 30),
    { text: 'two\nlines, a comma and "quotes"', label: 'yes' },
    { text: 'ünïcödé 漢字 🎉 \u0000 \u2028', label: 'no' },
    { text: '', label: 'no' },
  ];
  const csv = csvOf(list);
  const plain = list.map(({ text, label }) => `${text.replaceAll(/[\t\n]/g, ' ')}\t${label}`);
  const parquet = (codec) =>
    Buffer.from(
      parquetWriteBuffer({
        columnData: [
          { name: 'text', data: list.map(({ text }) => text), type: 'STRING' },
          { name: 'label', data: list.map(({ label }) => label), type: 'STRING' },
        ],
        codec,
        rowGroupSize: 10,
      }),
    );
  return {
    '.csv': [
      Buffer.from(csv),
      Buffer.from(csv.replaceAll('\n', '\r\n')),
      Buffer.from(csv.replaceAll(',', ';')),
      Buffer.from(`\ufeff${csv}`),
      Buffer.from(`\ufeff${csv}`, 'utf16le'),
    ],
    '.tsv': [Buffer.from(`text\tlabel\n${plain.join('\n')}\n`)],
    '.txt': [Buffer.from(plain.join('\n'))],
    '.jsonl': [Buffer.from(jsonlOf(list))],
    '.json': [Buffer.from(JSON.stringify(list)), Buffer.from(JSON.stringify(list, null, 2))],
    '.csv.gz': [gzipSync(csv)],
    '.parquet': [parquet('SNAPPY'), parquet('UNCOMPRESSED')],
  };
}

/** The options of a training of seconds. */
export const SMALL = [
  '--hidden-size',
  '32',
  '--layers',
  '2',
  '--heads',
  '2',
  '--vocabulary-size',
  '400',
  '--max-length',
  '32',
  '--batch-size',
  '16',
  '--epochs',
  '1',
  '--min-steps',
  '1',
  '--threads',
  '1',
];

/** A model with pruning, exits and floor 0, and the trace of its validation rows: { model, trace, train }. */
export function smallModel(dir, seed) {
  const train = join(dir, 'train.csv');
  const model = join(dir, 'model');
  const trace = join(dir, 'trace.jsonl');
  writeFileSync(train, csvOf(rows(seed, 400)));
  magicPyramid(['train', '--train', train, '--method', 'mp', '--out', model, '--seed', String(seed), ...SMALL]);
  magicPyramid(['evaluate', '--model', model, '--test', train, '--trace', trace, '--tau', 'off']);
  return { model, trace, train };
}
