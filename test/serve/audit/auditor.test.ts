/** Audits without a server: the engine is a function here, and texts are numbers of a simulation. */
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/random.ts';
import { type Answered, Auditor, type AuditSettings, type AuditState } from '../../../src/serve/audit/auditor.ts';
import { Disagreement } from '../../../src/serve/audit/disagreement.ts';

const LAYERS = 4;
const certificate = {
  disagreement: { estimate: 0.01, upper: 0.02 },
  exits: [0.5, 0, 0.3, 0, 0.2],
  texts: { length: 10, spread: 5, unknown: null },
};
const settings: AuditSettings = {
  rate: 1,
  budget: 1,
  seed: 1,
  tau: 0.5,
  layers: LAYERS,
  certificate,
  isSafeOnDrift: false,
};

const answer = (exit: number, best = 0): Answered => ({
  exit,
  best,
  flops: 1 + 100 * exit,
  tokens: [10],
  unknown: 0,
  tokenizeMs: 0.01,
  inferenceMs: 1,
});
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** An engine that answers a text that is named "differs…" with another label, when it is told to go on. */
function engine(isIdle = () => true) {
  const started: string[] = [];
  const alarms: AuditState[] = [];
  let goOn: (() => void)[] = [];
  return {
    started,
    alarms,
    /** Ends what runs. */
    async end() {
      const now = goOn;
      goOn = [];
      for (const one of now) one();
      await turn();
      await turn();
    },
    events: {
      isIdle,
      onAlarm: (state: AuditState) => alarms.push(state),
      run: (input: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise<Answered>((resolve, reject) => {
          started.push(String(input));
          signal.addEventListener('abort', () => reject(signal.reason));
          goOn.push(() =>
            String(input).startsWith('fails')
              ? reject(new Error('lost'))
              : resolve(answer(LAYERS, String(input).startsWith('differs') ? 1 : 0)),
          );
        }),
    },
  };
}

/** Has audited a text, so that it knows what one costs, and has saved up for so many. */
async function experienced({ events, end }: ReturnType<typeof engine>, saved = 1000) {
  const auditor = new Auditor(settings, events);
  auditor.begin(1).answered(['first'], [answer(1)]);
  await turn();
  await end();
  const before = auditor.begin(0);
  before.answered(new Array(saved + 1).fill('deep'), new Array(saved + 1).fill(answer(LAYERS)));
  return auditor;
}

describe('an audit', () => {
  test('begins after the answer, runs one text at a time, and compares the two answers', async () => {
    const it = engine();
    const auditor = await experienced(it);
    auditor.begin(2).answered(['differs', 'same'], [answer(2), answer(0)]);
    expect(it.started).toEqual(['first']); // whoever asked has the answer before the next begins
    await turn();
    expect(it.started).toEqual(['first', 'differs']);
    expect(auditor.state).toMatchObject({ texts: 1, run: 1, waiting: 2 });
    await it.end();
    expect(it.started).toEqual(['first', 'differs', 'same']);
    await it.end();
    expect(auditor.state).toMatchObject({ texts: 3, run: 3, disagreements: 1, waiting: 0 });
    expect(auditor.state.disagreement!.mean).toBeCloseTo(1 / 3, 10);
  });

  test('of a text that left at the last layer costs nothing: its answers agree', async () => {
    const { events, started } = engine();
    const auditor = new Auditor(settings, events);
    auditor.begin(1).answered(['deep'], [answer(LAYERS)]);
    await turn();
    expect(started).toEqual([]);
    expect(auditor.state).toMatchObject({ texts: 1, run: 0, disagreements: 0 });
  });

  test('waits while the engine has work, and is looked for again when a request ends', async () => {
    let isIdle = false;
    const { events, started } = engine(() => isIdle);
    const auditor = new Auditor(settings, events);
    auditor.begin(1).answered(['text'], [answer(1)]);
    await turn();
    auditor.wake();
    await turn();
    expect(started).toEqual([]);
    isIdle = true;
    auditor.wake();
    await turn();
    expect(started).toEqual(['text']);
  });

  test('is not promised to more texts than were saved up for, and a request that failed needs none', async () => {
    const auditor = await experienced(engine(), 20);
    const request = auditor.begin(50);
    expect(auditor.state.skipped).toEqual({ budget: 29, busy: 0, failed: 0 });
    request.failed();
    auditor.begin(21);
    expect(auditor.state.skipped).toEqual({ budget: 29, busy: 0, failed: 0 });
  });

  test('is found in the order of sampling, and while one waits no more than 64 texts wait behind it', async () => {
    let isIdle = true;
    const it = engine(() => isIdle);
    const auditor = await experienced(it);
    isIdle = false;
    auditor.begin(1).answered(['differs'], [answer(1)]);
    for (let i = 0; i < 80; i++) auditor.begin(1).answered(['deep'], [answer(LAYERS)]);
    await turn();
    // texts that agree at no cost do not come before one that has to wait: the share would look smaller meanwhile
    expect(auditor.state).toMatchObject({ texts: 1, waiting: 1, skipped: { budget: 0, busy: 17 } });
    isIdle = true;
    auditor.wake();
    await turn();
    await it.end();
    expect(auditor.state).toMatchObject({ texts: 65, disagreements: 1, waiting: 0 });
  });

  test('is of any text of a request where there is room for a few, not always of the first', async () => {
    const it = engine();
    const auditor = await experienced(it, 3);
    const inputs = Array.from({ length: 30 }, (_, i) => `text ${i}`);
    auditor.begin(30).answered(inputs, new Array(30).fill({ ...answer(1), flops: 0, tokenizeMs: 0 }));
    await turn();
    for (let i = 0; i < 5; i++) await it.end();
    const audited = it.started.slice(1);
    expect(audited.length).toBeGreaterThan(1);
    expect(audited.length).toBeLessThan(6);
    expect(audited).not.toEqual(inputs.slice(0, audited.length));
    expect(audited.some((input) => inputs.indexOf(input) > 5)).toBe(true);
  });

  test('that was run counts as such with its text: never are more run than audited', async () => {
    const it = engine();
    const auditor = await experienced(it);
    const before = auditor.begin(1); // its answer is still to come, and its place is before the next
    auditor.begin(1).answered(['same'], [answer(1)]);
    await turn();
    await it.end();
    expect(auditor.state).toMatchObject({ texts: 1, run: 1 });
    before.failed();
    expect(auditor.state).toMatchObject({ texts: 2, run: 2 });
  });

  test('that fails is counted, and the others go on', async () => {
    const { events, end } = engine();
    const auditor = new Auditor(settings, events);
    auditor.begin(1).answered(['fails'], [answer(1)]);
    await turn();
    await end();
    auditor.begin(1).answered(['differs'], [answer(1)]);
    await turn();
    await end();
    expect(auditor.state).toMatchObject({ texts: 1, run: 1, disagreements: 1, skipped: { failed: 1 } });
  });

  test('is given up when the model is closed, and so is what waits', async () => {
    const { events, started, end } = engine();
    const auditor = new Auditor(settings, events);
    auditor.begin(1).answered(['one'], [answer(1)]);
    await turn();
    auditor.stop();
    await end();
    auditor.begin(1).answered(['two'], [answer(1)]);
    await turn();
    expect(started).toEqual(['one']);
    expect(auditor.state).toMatchObject({ texts: 0, waiting: 0, skipped: { failed: 0 } });
  });
});

/** 40 % leave at floor 0, of which a tenth differ; 20 % at layer 2, two fifths differ; 40 % go to the end. */
const TRUTH = 0.4 * 0.1 + 0.2 * 0.4;
function simulatedText(random: { next(): number }): { readonly input: string; readonly exit: number } {
  const u = random.next();
  const [exit, differs] = u < 0.4 ? [0, 0.1] : u < 0.6 ? [2, 0.4] : [LAYERS, 0];
  return { input: random.next() < differs ? 'differs' : 'same', exit };
}

test('the share that differs is that of all texts, though the budget skips most and the engine is often busy (seed 5)', async () => {
  const random = randomStream(5);
  let isBusy = false;
  const auditor = new Auditor(
    { ...settings, rate: 0.3, budget: 0.08 },
    {
      isIdle: () => !isBusy,
      onAlarm: () => {},
      // the last layer's answer costs forty times one of floor 0
      run: async (input) => ({ ...answer(LAYERS, input === 'differs' ? 1 : 0), flops: 400, inferenceMs: 4 }),
    },
  );
  for (let i = 0; i < 30_000; i++) {
    if (i % 1000 === 0) isBusy = random.next() < 0.5;
    const texts = Array.from({ length: 1 + random.integer(4) }, () => simulatedText(random));
    const request = auditor.begin(texts.length);
    request.answered(
      texts.map(({ input }) => input),
      texts.map(({ exit }) => answer(exit)),
    );
    if (i % 4 === 0) await turn();
  }
  isBusy = false;
  while (auditor.state.waiting > 0) {
    auditor.wake();
    await turn();
  }
  const { texts, skipped, disagreement } = auditor.state;
  expect(texts).toBeGreaterThan(2000);
  expect(Math.min(skipped.budget, skipped.busy)).toBeGreaterThan(texts);
  const deviation = Math.sqrt((TRUTH * (1 - TRUTH)) / texts);
  expect(Math.abs(disagreement!.mean - TRUTH)).toBeLessThan(4 * deviation);
  expect(disagreement!.lower).toBeLessThan(TRUTH);
  expect(disagreement!.upper).toBeGreaterThan(TRUTH);
});

describe('the alarm', () => {
  const raisedAfter = (certified: number | null, share: number, texts: number, seed: number): number | null => {
    const random = randomStream(seed, 'alarm');
    const found = new Disagreement(certified);
    for (let n = 1; n <= texts; n++) if (found.add(random.next() < share)) return n;
    return null;
  };

  test('is raised within 500 texts where five times as many differ as was certified (seeds 1 to 20)', () => {
    const seen = Array.from({ length: 20 }, (_, seed) => raisedAfter(0.02, 0.1, 500, seed + 1));
    expect(seen).not.toContain(null);
  });

  test('is never raised in 20 streams of 20,000 texts that differ as often as the bound says (seeds 1 to 20)', () => {
    const seen = Array.from({ length: 20 }, (_, seed) => raisedAfter(0.02, 0.02, 20_000, seed + 1));
    expect(seen).toEqual(new Array(20).fill(null));
  });

  test('is raised within 500 texts after 20,000 that were as certified, and the recent share shows it (seed 1)', () => {
    const random = randomStream(1, 'shift');
    const found = new Disagreement(0.02);
    for (let n = 0; n < 20_000; n++) found.add(random.next() < 0.01);
    expect(found.state).toMatchObject({ texts: 20_000, alarm: false });
    expect(found.state.recent).toEqual({ texts: 500, share: expect.closeTo(0.01, 1) });
    let texts = 0;
    while (!found.add(random.next() < 0.1)) texts++;
    expect(texts).toBeLessThan(500);
    expect(found.state.recent!.share).toBeGreaterThan(0.02);
    expect(found.state.disagreement!.upper).toBeLessThan(0.02); // of all texts it does not show
  });

  test('does not exist where nothing is certified', () => {
    expect(raisedAfter(null, 0.5, 500, 1)).toBeNull();
  });

  test('is told once, and with the safe setting the audited tau holds no more', async () => {
    for (const isSafeOnDrift of [false, true]) {
      const { events, alarms } = engine();
      const run = async () => answer(LAYERS, 1);
      const auditor = new Auditor({ ...settings, isSafeOnDrift }, { ...events, run });
      expect(auditor.isSafe).toBe(false);
      for (let i = 0; i < 300; i++) {
        auditor.begin(1).answered(['differs'], [answer(2)]);
        await turn();
      }
      expect(alarms).toHaveLength(1);
      expect(alarms[0]).toMatchObject({ alarm: true, certified: 0.02, safe: isSafeOnDrift });
      expect(auditor.isSafe).toBe(isSafeOnDrift);
      expect(auditor.state.texts).toBeGreaterThan(alarms[0].texts);
    }
  });
});
