/** The engine under load for minutes: streams in constant memory, and random requests of which none is lost. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, Pyramid } from '../../src/engine/index.ts';
import { PyramidError } from '../../src/errors.ts';
import { randomStream } from '../../src/random.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const SEED = 51;
const SOAK_MS = 60_000;
const STREAMED = 300_000;
const MIB = 2 ** 20;
const texts = randomTexts(SEED, 3000);
let pyramid: Pyramid;
let expected: Answer[];

beforeAll(async () => {
  const { dir } = await randomModel(root, 'mp', { seed: SEED, kind: 'pooled', prunes: true });
  pyramid = await Pyramid.load(dir, { workers: 2 });
  expected = await pyramid.classify(texts, { tau: 0.6 });
});
afterAll(() => pyramid.close());

const rss = () => process.memoryUsage().rss / MIB;

describe('under load', () => {
  test(`a stream of ${STREAMED} texts is answered in order and takes no more memory at its end than at its start`, async () => {
    function* source() {
      for (let i = 0; i < STREAMED; i++) yield texts[i % texts.length];
    }
    let done = 0;
    let start = 0;
    let most = 0;
    for await (const { label, exit } of pyramid.stream(source(), { tau: 0.6 })) {
      const { label: wanted, exit: layer } = expected[done % texts.length];
      if (label !== wanted || exit !== layer)
        expect.fail(`text ${done} got ${label} at ${exit}, not ${wanted} at ${layer}`);
      done++;
      if (done === STREAMED / 10) start = rss();
      else if (done % 1000 === 0 && start > 0) most = Math.max(most, rss());
    }
    expect(done).toBe(STREAMED);
    expect(most - start).toBeLessThan(100);
  });

  test(`random requests, aborts, deadlines and lost workers: each is answered correctly, once, or refused with a reason (seed ${SEED})`, async () => {
    const random = randomStream(SEED, 'soak');
    const end = Date.now() + SOAK_MS;
    const counts = { answered: 0, aborted: 0, late: 0, lost: 0, crashes: 0 };
    let start = 0;
    const client = async () => {
      while (Date.now() < end) {
        const from = random.integer(texts.length);
        const size = random.next() < 0.5 ? 1 : 1 + random.integer(random.next() < 0.1 ? 1000 : 40);
        const controller = new AbortController();
        const timer =
          random.next() < 0.2 ? setTimeout(() => controller.abort('enough'), random.integer(30)) : undefined;
        const own = random.next() < 0.5;
        try {
          const answers = await pyramid.classify(texts.slice(from, from + size), {
            tau: own ? 0.6 : random.next(),
            signal: controller.signal,
            deadlineMs: random.next() < 0.2 ? 1 + random.integer(40) : undefined,
          });
          if (answers.length !== Math.min(size, texts.length - from)) expect.fail('answers are missing');
          if (own && answers.some(({ exit }, i) => exit !== expected[from + i].exit)) expect.fail('another answer');
          counts.answered++;
        } catch (error) {
          if (error === 'enough') counts.aborted++;
          else if (error instanceof PyramidError && error.code === 'MP_WORKER_LOST') counts.lost++;
          else if (error instanceof PyramidError && error.code === 'MP_DEADLINE') counts.late++;
          else throw error;
        } finally {
          clearTimeout(timer);
        }
        if (random.next() < 0.2) await new Promise((resolve) => setTimeout(resolve, random.integer(20)));
      }
    };
    const crashes = async () => {
      while (Date.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 3000));
        pyramid.workers[0]?.postMessage(null); // a message that is none: its worker ends
        counts.crashes++;
        if (counts.crashes === 4) start = rss();
      }
    };
    await Promise.all([...Array.from({ length: 12 }, client), crashes()]);
    expect(counts.answered).toBeGreaterThan(100);
    expect(counts.aborted).toBeGreaterThan(10);
    expect(counts.late).toBeGreaterThan(10);
    expect(counts.crashes).toBeGreaterThan(10);
    expect(counts.lost).toBeLessThan(counts.crashes);
    expect(rss() - start).toBeLessThan(200);
    expect((await pyramid.classify(texts.slice(0, 10), { tau: 0.6 })).map(({ exit }) => exit)).toEqual(
      expected.slice(0, 10).map(({ exit }) => exit),
    );
  });
});
