// A run on many machines that everything happens to: four workers on a real Redis that keeps its append-only file, workers and
// Redis killed, the disk full. Each row comes out exactly once, in order within its file, or in the rejects with its reason.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pyramid } from '../../dist/index.js';
import { randomStream } from '../../dist/random.js';
import { csvOf, magicPyramid, rows } from '../good-inputs.mjs';
import { Crew } from './crew.mjs';
import { hasRedis, redisWithFile } from './redis.mjs';
import { checkRows, writeFiles } from './rows.mjs';
import { smallDisk } from './small-disk.mjs';

const FULL = { rows: 1_000_000, kills: 20, restarts: 3, shardBytes: 200_000 };
const SHORT = { rows: 30_000, kills: 3, restarts: 1, shardBytes: 40_000 };
const WORKERS = 4;
/** Of an answer on the disk, at most: the disk has room for all of them. */
const ANSWER_BYTES = 450;
const AWAY_MS = 1500;
/** Shorter than a shard's tries take, which are 2, 4, 8 and 16 seconds apart. */
const FULL_MS = 8000;
/** One answer in so many is compared with the library's. */
const COMPARED = 100;
/** That a worker may grow by from the first third of the run to the last, beside its share. */
const GROWTH_MIB = 32;
/** No event comes later than at this share of the shards: what is left then is done in a moment. */
const LAST_EVENT = 0.6;
/** Times that what failed is put into the queue again. */
const RETRIES = 3;

export async function jobs({ dir, seed, short, report, say }) {
  if (!hasRedis) throw new Error('redis-server is not installed here');
  const sizes = short ? SHORT : FULL;
  const own = join(dir, 'jobs');
  mkdirSync(own, { recursive: true });
  const model = join(own, 'model');
  writeFileSync(join(own, 'train.csv'), csvOf(rows(seed, 1000)));
  magicPyramid(['train', '--method', 'linear', '--train', join(own, 'train.csv'), '--out', model]);
  const files = await writeFiles(own, seed, sizes.rows);

  let crew = null;
  const disk = smallDisk(join(own, 'disk'), sizes.rows * ANSWER_BYTES + 2 ** 24, () => crew.pids);
  const redis = await redisWithFile(join(own, 'redis'));
  try {
    const out = join(own, 'disk', 'answers');
    const env = { ...process.env, MAGIC_PYRAMID_QUEUE: redis.url };
    const paths = files.map(({ path }) => path);
    const submit = ['jobs', 'submit', ...paths, '--model', model, '--out', out];
    say(`  ${magicPyramid([...submit, '--shard-bytes', String(sizes.shardBytes)], { env }).trim()}`);
    const begin = performance.now();
    const work = () => new Crew(WORKERS, ['jobs', 'work', out, '--workers', '1', '--takeover', '2'], env);
    crew = work();
    const came = await troubled({ out, sizes, crew, disk, redis, random: randomStream(seed, 'torture jobs'), say });
    const memory = crew.memory;
    let retries = 0;
    for (; crew.ends.some((end) => end !== 0) && retries < RETRIES; retries++) {
      say(`  ${magicPyramid(['jobs', 'retry', out], { env }).trim()}`);
      crew = work();
      while (!crew.isOver) await sleep(100);
    }
    const seconds = (performance.now() - begin) / 1000;
    const status = JSON.parse(magicPyramid(['jobs', 'status', out, '--json'], { env }));
    tell({ came, memory, retries, seconds, status, disk, sizes, short, report, say, ends: crew.ends });
    await tellRows({ out, model, files, seed, status, report });
  } finally {
    await crew?.end();
    await redis.stop();
    disk.close();
  }
}

/** Until all workers have ended: what happens to them is spread over the shards that are done. */
async function troubled({ out, sizes, crew, disk, redis, random, say }) {
  const spread = (kind, count) =>
    Array.from({ length: count }, (_, i) => ({ kind, at: ((i + random.next()) / count) * LAST_EVENT }));
  const ahead = [
    ...spread('kill', sizes.kills),
    ...spread('restart', sizes.restarts),
    { kind: 'full', at: 0.3 + 0.3 * random.next() },
  ].sort((a, b) => a.at - b.at);
  const came = { kills: 0, late: 0, underWay: 0, restarts: 0, fills: 0, full: 0, lost: 0 };
  const shards = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')).shards.length;
  const names = () => readdirSync(join(out, 'shards'));
  const events = {
    /** Three of four while they write a shard, the others at whatever moment. */
    async kill() {
      const member = crew.pick(random);
      const isWriting = () => names().some((name) => name.endsWith('.tmp') && name.includes(`-${member.child.pid}-`));
      const isAimed = random.next() < 0.75;
      for (let tries = 0; isAimed && tries < 3000 && !isWriting(); tries++) await sleep(1);
      const within = isWriting();
      if (!crew.kill(member)) {
        came.late++;
        return;
      }
      came.kills++;
      if (within) came.underWay++;
    },
    async restart() {
      await redis.restart(AWAY_MS);
      came.restarts++;
    },
    async full() {
      disk.fill();
      await sleep(FULL_MS);
      came.full = crew.said.match(/ failed: .*(no space|ENOSPC|EFBIG|too large)/gi)?.length ?? 0;
      disk.free();
      came.fills++;
    },
  };
  while (!crew.isOver) {
    const done = names().filter((name) => name.endsWith('.done.json')).length / shards;
    while (ahead.length > 0 && ahead[0].at <= done) {
      const { kind } = ahead.shift();
      say(`  ${Math.round(100 * done)} % done: ${kind}`);
      await events[kind]();
    }
    await sleep(50);
  }
  came.lost = crew.said.match(/they are added again/g)?.length ?? 0;
  return came;
}

function tell({ came, memory, retries, seconds, status, disk, sizes, short, report, say, ends }) {
  // a short run is over before memory says anything
  const judge = short ? (promise, measured) => say(`  ${promise}: ${measured}`) : report;
  const per = Math.round(status.rows.all / seconds);
  report(
    `${WORKERS} workers get through all of it by themselves`,
    `${seconds.toFixed(0)} s, ${per} rows a second; put into the queue again by hand ${retries} times; ends ${[...new Set(ends)].join(', ')}`,
    retries === 0 && ends.length === WORKERS && ends.every((end) => end === 0),
  );
  report(
    'though workers are killed, Redis is killed and started again, and the disk is full',
    `${came.kills} workers killed, ${came.underWay} of them within a shard (${came.late} kills came when all was done); Redis ${came.restarts} times, after which shards had to be added again ${came.lost} times; ${disk.kind} ${came.fills} times, which ${came.full} tries failed by`,
    came.kills === sizes.kills && came.restarts === sizes.restarts && came.fills === 1 && came.full > 0,
  );
  const third = Math.ceil(memory.length / 3);
  const [early, late] = [memory.slice(0, third), memory.slice(-third)].map((part) => Math.max(...part));
  judge(
    'memory of a worker does not grow from the first to the last third',
    `at most ${Math.round(early)} MiB, then ${Math.round(late)}`,
    late <= early * 1.1 + GROWTH_MIB,
  );
}

async function tellRows({ out, model, files, seed, status, report }) {
  const pyramid = await Pyramid.load(model, { workers: 1 });
  let [compared, other] = [0, 0];
  const look = async ({ label, score, exit, row }, n) => {
    if (n % COMPARED !== 0) return;
    const own = await pyramid.classify(row.text);
    compared++;
    if (own.label !== label || own.score !== score || own.exit !== exit) other++;
  };
  const { answered, rejected, faults } = await checkRows({ out, files, seed, look });
  await pyramid.close();
  report(
    'each row comes out exactly once, in order within its file, or in the rejects with its reason',
    [`${answered} answered, ${rejected} rejected of ${status.rows.all}`, ...faults.slice(0, 5)].join('\n        '),
    faults.length === 0 && answered + rejected === status.rows.all,
  );
  report(
    'status counts them so',
    `${status.rows.answered} answered, ${status.rows.rejected} rejected`,
    status.rows.answered === answered && status.rows.rejected === rejected,
  );
  report(
    'answers are those of the library',
    `${other} of ${compared} that were compared are others`,
    other === 0 && compared > 0,
  );
}
