/** Data files of every format with bytes changed at random, read as a user's file is: what comes of each. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { PyramidError } from '../../src/errors.ts';
import { type RandomStream, randomStream } from '../../src/random.ts';
import { streamRows } from '../../src/text/read-examples.ts';

const texts = ['plain', 'with "quotes", commas', 'two\nlines', 'Ünïcödé 😀 中文', '', 'x'.repeat(300)];
const rows = Array.from({ length: 24 }, (_, i) => ({ text: texts[i % texts.length], label: i % 3, score: i / 7 }));
const quoted = (cell: unknown) => `"${String(cell).replaceAll('"', '""')}"`;
const csv = ['text,label,score', ...rows.map(({ text, label, score }) => [quoted(text), label, score].join(','))].join(
  '\n',
);
const jsonl = rows.map((row) => JSON.stringify(row)).join('\n');
const parquet = (codec: 'SNAPPY' | 'UNCOMPRESSED', nullable: boolean) =>
  Buffer.from(
    parquetWriteBuffer({
      columnData: [
        { name: 'text', data: rows.map(({ text }, i) => (nullable && i % 5 === 4 ? null : text)), type: 'STRING' },
        { name: 'label', data: rows.map(({ label }) => BigInt(label)), type: 'INT64' },
        { name: 'score', data: rows.map(({ score }) => score), type: 'DOUBLE' },
      ],
      kvMetadata: [
        {
          key: 'huggingface',
          value: JSON.stringify({ info: { features: { label: { names: ['a', 'b', 'c'], _type: 'ClassLabel' } } } }),
        },
      ],
      codec,
      rowGroupSize: 10,
    }),
  );

const files: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['a.csv', Buffer.from(csv)],
  ['a.tsv', Buffer.from(csv.replaceAll(',', '\t'))],
  ['a.jsonl', Buffer.from(jsonl)],
  ['a.json', Buffer.from(JSON.stringify(rows))],
  ['a.txt', Buffer.from(csv)],
  ['utf16.csv', Buffer.from(`\ufeff${csv.replaceAll(',', ';')}`, 'utf16le')],
  ['a.csv.gz', gzipSync(csv)],
  ['a.jsonl.gz', gzipSync(jsonl)],
  ['snappy.parquet', parquet('SNAPPY', false)],
  ['plain.parquet', parquet('UNCOMPRESSED', true)],
  ['nulls.parquet', parquet('SNAPPY', true)],
];

/** One to four changes: a bit, a byte, a stretch left out, doubled, or cut off, or bytes that formats give a meaning. */
function mutate(bytes: Buffer, random: RandomStream): Buffer {
  let changed = Buffer.from(bytes);
  const at = () => random.integer(Math.max(changed.length, 1));
  for (let changes = 1 + random.integer(4); changes > 0; changes--) {
    const [a, b] = [at(), at()].sort((x, y) => x - y);
    const kind = random.integer(6);
    if (kind === 0) changed[a] ^= 1 << random.integer(8);
    else if (kind === 1) changed[a] = random.integer(256);
    else if (kind === 2) changed[a] = [0, 10, 13, 34, 44, 92, 0x7f, 0x80, 0xfe, 0xff][random.integer(10)];
    else if (kind === 3 && random.integer(4) === 0) changed = changed.subarray(0, a);
    else if (kind === 4) changed = Buffer.concat([changed.subarray(0, a), changed.subarray(Math.min(b, a + 40))]);
    else changed = Buffer.concat([changed.subarray(0, Math.min(b, a + 40)), changed.subarray(a)]);
  }
  return changed;
}

export interface Outcomes {
  /** Files whose rows were all read, and those refused, by their code. */
  readonly counts: Readonly<Record<string, number>>;
  /** Files that ended otherwise, or late. */
  readonly faults: readonly string[];
  readonly slowestMs: number;
}

/** Reads `count` files made from `seed`. A rejection that nobody handles fails the test that calls this by itself. */
export async function readMutated(seed: number, count: number, mostMs: number): Promise<Outcomes> {
  const dir = await mkdtemp(join(tmpdir(), 'mutated-'));
  const counts: Record<string, number> = {};
  const faults: string[] = [];
  let slowestMs = 0;
  try {
    for (let i = 0; i < count; i++) {
      const random = randomStream(seed, 'mutated', i);
      const [name, bytes] = files[i % files.length];
      const path = join(dir, name);
      await writeFile(path, mutate(bytes, random));
      const begin = performance.now();
      let outcome = 'rows';
      try {
        for await (const row of streamRows(path, { onProblem: () => {} })) {
          if (typeof row.text !== 'string') faults.push(`${name} ${seed}/${i}: a text of type ${typeof row.text}`);
        }
      } catch (error) {
        outcome = error instanceof PyramidError ? error.code : 'uncoded';
        const { message } = error as Error;
        if (outcome === 'uncoded' || message.includes('internal')) faults.push(`${name} ${seed}/${i}: ${message}`);
      }
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      const ms = performance.now() - begin;
      slowestMs = Math.max(slowestMs, ms);
      if (ms > mostMs) faults.push(`${name} ${seed}/${i}: took ${Math.round(ms)} ms`);
    }
  } finally {
    await rm(dir, { recursive: true });
  }
  return { counts, faults, slowestMs };
}
