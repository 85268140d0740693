// The files of a run on many machines, made from a seed a row at a time, and the check that each of their rows came out exactly
// once, in order: among the answers, or among the rejects with its reason. Knows nothing of queues and workers.
import { createReadStream, createWriteStream, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { randomStream } from '../../dist/random.js';

/** One row in so many cannot be read. */
const POISONED = 97;

/** A format each: its share of the rows, its first lines, a row that is good, one that is not, and how many lines a row takes. */
const FILES = [
  {
    name: 'a.csv',
    share: 0.4,
    head: 'id,text\n',
    good: (id, text) => `${id},"${text.replaceAll('"', '""')}"\n`,
    bad: (id) => `${id}\n`,
    lines: (text) => text.split('\n').length,
  },
  {
    name: 'b.jsonl',
    share: 0.3,
    head: '',
    good: (id, text) => `${JSON.stringify({ id, text })}\n`,
    bad: (id) => `{"id": ${id}, "text": \n`,
  },
  {
    name: 'c.tsv',
    share: 0.2,
    head: 'id\ttext\n',
    good: (id, text) => `${id}\t${text}\n`,
    bad: (id) => Buffer.concat([Buffer.from(`${id}\tword1 `), Buffer.of(0xff, 0xfe, 0x0a)]),
  },
  { name: 'd.parquet', share: 0.1 },
];

/** Short rows: { id, text, isBad, line }. Where lines are no lines (parquet) they are counted from 1. */
function* rowsOf(seed, file, count) {
  const random = randomStream(seed, 'torture jobs', file.name);
  let line = 1 + (file.head ?? '').split('\n').length - 1;
  for (let id = 0; id < count; id++) {
    const isBad = random.integer(POISONED) === 0;
    const text = textOf(random, file.name === 'a.csv');
    yield { id, text, isBad, line };
    line += isBad || !file.lines ? 1 : file.lines(text);
  }
}

function textOf(random, isOdd) {
  const words = [];
  for (let n = 2 + random.integer(5); n > 0; n--) words.push(`word${random.integer(200)}`);
  words.push(`${random.integer(2) ? 'good' : 'bad'}${random.integer(20)}`);
  // commas, quotes and line ends within a field
  return isOdd && random.integer(4) === 0 ? `${words.join(', ')}\n"${words[0]}"` : words.join(' ');
}

/** Writes the files into `dir`: { name, path, count } each, by name, `count` rows in all. */
export async function writeFiles(dir, seed, count) {
  const written = [];
  for (const file of FILES) {
    const rows = Math.round(count * file.share);
    const path = join(dir, file.name);
    if (file.name.endsWith('.parquet')) writeParquet(path, seed, file, rows);
    else await writeLines(path, seed, file, rows);
    written.push({ file, path, rows });
  }
  return written;
}

async function writeLines(path, seed, file, count) {
  const out = createWriteStream(path);
  let held = [Buffer.from(file.head)];
  for (const { id, text, isBad } of rowsOf(seed, file, count)) {
    held.push(Buffer.from(isBad ? file.bad(id) : file.good(id, text)));
    if (held.length < 5000) continue;
    if (!out.write(Buffer.concat(held))) await new Promise((done) => out.once('drain', done));
    held = [];
  }
  out.end(Buffer.concat(held));
  await finished(out);
}

/** A row that cannot be read has no text. */
function writeParquet(path, seed, file, count) {
  const rows = [...rowsOf(seed, file, count)];
  const columnData = [
    { name: 'id', data: rows.map(({ id }) => id), type: 'INT32' },
    { name: 'text', data: rows.map(({ text, isBad }) => (isBad ? null : text)), type: 'STRING', nullable: true },
  ];
  writeFileSync(path, Buffer.from(parquetWriteBuffer({ columnData, rowGroupSize: 2000 })));
}

/**
 * Goes through the answers and rejects of all shards beside the rows that were written. `look` is told of each answer.
 * Gives { answered, rejected, faults }: none where each row came out once, in order, with its own text or with a reason.
 */
export async function checkRows({ out, files, seed, look }) {
  const { shards, files: submitted } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
  const found = { answered: 0, rejected: 0, faults: [] };
  const fault = (what) => {
    if (found.faults.length < 20) found.faults.push(what);
  };
  const awaited = files.map(({ file, rows }) => rowsOf(seed, file, rows));
  for (const shard of shards) {
    const { name } = submitted[shard.file];
    const answers = linesOf(join(out, shard.output));
    const rejects = linesOf(join(out, shard.rejects));
    for (let n = 0; n < shard.rows; n++) {
      const { value: row } = awaited[shard.file].next();
      if (!row) {
        fault(`${shard.output}: more rows than ${name} has`);
        break;
      }
      const { value: line } = await (row.isBad ? rejects : answers).next();
      const said = line === undefined ? null : JSON.parse(line);
      const isRight =
        said?.file === name &&
        said.line === row.line &&
        (row.isBad ? said.problem?.length > 10 : Number(said.row.id) === row.id && said.row.text === row.text);
      if (!isRight) fault(`${shard.output}: line ${row.line} of ${name} is answered by ${line?.slice(0, 200)}`);
      if (row.isBad) found.rejected++;
      else {
        found.answered++;
        if (isRight) await look(said, found.answered);
      }
    }
    for (const rest of [answers, rejects])
      for await (const line of rest) fault(`${shard.output}: a row too many: ${line.slice(0, 200)}`);
  }
  files.forEach(({ path }, i) => {
    if (!awaited[i].next().done) fault(`${path}: rows are in no shard`);
  });
  const odd = readdirSync(join(out, 'shards')).filter(
    (name) => !/^\d{6}\.(jsonl|rejects\.jsonl|done\.json)$/.test(name),
  );
  if (odd.length > 0) fault(`left behind: ${odd.slice(0, 5).join(', ')}`);
  return found;
}

async function* linesOf(path) {
  if (!existsSync(path)) return;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY }))
    yield line;
}
