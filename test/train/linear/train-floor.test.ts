import { describe, expect, test } from 'vitest';
import { Floor, floorFile } from '../../../src/pyramid/floor/index.ts';
import { randomStream } from '../../../src/random.ts';
import { averagedSgd } from '../../../src/train/linear/averaged-sgd.ts';
import { columnsOf } from '../../../src/train/linear/columns.ts';
import { foldsOf } from '../../../src/train/linear/folds.ts';
import { type FloorEvent, type FloorJob, trainFloorInThread } from '../../../src/train/linear/index.ts';
import { lbfgs } from '../../../src/train/linear/lbfgs.ts';
import { meanLogLoss } from '../../../src/train/linear/log-loss.ts';
import { Logistic, logitsOf, parameterCount, weightedTargets } from '../../../src/train/linear/logistic.ts';
import { everyRow, matrixOf } from '../../../src/train/linear/matrix.ts';
import { partOf } from '../../../src/train/linear/part-of.ts';
import { temperatureOf } from '../../../src/train/linear/temperature.ts';
import { trainFloor } from '../../../src/train/linear/train-floor.ts';
import { type DrawnText, drawnTexts, jobOf, KINDS } from '../../support/floor-data.ts';

const reading = { pairs: false, buckets: 2 ** 12, bigrams: true, maxTokens: null, weighting: 'tfidf' } as const;

/** Scores for every third row. */
function softened(job: FloorJob): FloorJob {
  const { labels } = job.targets;
  const soft = [...labels.keys()].filter((i) => i % 3 === 0);
  const random = randomStream(5, 'scores');
  const scores = soft.flatMap(() => {
    const raw = Array.from({ length: job.labels }, () => random.next() + 0.05);
    const total = raw.reduce((sum, value) => sum + value, 0);
    return raw.map((value) => value / total);
  });
  return {
    ...job,
    targets: { labels: labels.map((label, i) => (i % 3 === 0 ? -1 : label)), scores: Float32Array.from(scores) },
  };
}

function problemOf(job: FloorJob, strength = 3) {
  const columns = columnsOf(job.rows, { ...reading, pairs: job.rows.seconds !== null }, KINDS, 1);
  const matrix = matrixOf(job.rows, columns);
  const targets = weightedTargets(job.targets, job.labels, job.classWeights ?? null);
  const logistic = new Logistic(matrix, targets, everyRow(job.rows), strength);
  return { columns, matrix, targets, logistic, size: parameterCount(matrix.columns, job.labels) };
}

const closely = { tolerance: 1e-12, maxIterations: 500 };
const allLogits = (job: FloorJob, texts: readonly DrawnText[]) => {
  const floor = new Floor(trainFloor(job).parts);
  return texts.map(({ ids }) => floor.logits(ids)!);
};
const farthest = (a: readonly Float64Array[], b: readonly Float64Array[]) =>
  Math.max(...a.flatMap((z, i) => [...z].map((value, c) => Math.abs(value - b[i][c]))));

test.each([2, 3, 4, 6])('with %i labels the gradient is what differences of the loss say', (labels) => {
  const job = {
    ...softened(jobOf(drawnTexts(30, labels), labels)),
    classWeights: [2, 0.5, 1, 1, 1, 1].slice(0, labels),
  };
  const { logistic, size } = problemOf(job);
  const random = randomStream(1, 'point');
  const at = Float32Array.from({ length: size }, () => random.normal());
  const gradient = new Float32Array(size);
  logistic.evaluate(at, gradient);
  const other = new Float32Array(size);
  const step = 2 ** -7;
  for (let n = 0; n < 60; n++) {
    const j = n < 10 ? size - 1 - (n % Math.min(labels, size)) : random.integer(size);
    const aside = (sign: number) => {
      const point = at.slice();
      point[j] += sign * step;
      return { place: point[j], value: logistic.evaluate(point, other) };
    };
    const [high, low] = [aside(1), aside(-1)];
    // error of a central difference: step² times a third derivative below 1
    expect(gradient[j]).toBeCloseTo((high.value - low.value) / (high.place - low.place), 4);
  }
});

describe('training floor 0', () => {
  const texts = drawnTexts(80, 4);

  test('weighs n-grams of a single row where rows are few, and where they are many only those of two', () => {
    const seen = (count: number, minRows?: number) => {
      const settings = { buckets: 2 ** 12, strength: 1, ...(minRows !== undefined && { minRows }) };
      return trainFloor({ ...jobOf(drawnTexts(count, 2), 2), settings }).parts.info.seen;
    };
    expect(seen(40)).toBe(seen(40, 1));
    expect(seen(40)).toBeGreaterThan(seen(40, 2));
    expect(seen(2001)).toBe(seen(2001, 2));
    expect(seen(2001)).toBeLessThan(seen(2001, 1));
  });

  test('gives the same bytes for the same seed', () => {
    const job = jobOf(texts, 4, { strength: null });
    expect(floorFile(trainFloor(job).parts)).toEqual(floorFile(trainFloor(job).parts));
  });

  test('in a thread gives the same bytes, with events', async () => {
    const job = jobOf(texts, 4, { strength: null });
    const events: FloorEvent[] = [];
    const there = await trainFloorInThread(job, { onEvent: (event) => events.push(event) });
    expect(floorFile(there.parts)).toEqual(floorFile(trainFloor(job).parts));
    expect(new Set(events.map(({ phase }) => phase))).toEqual(new Set(['features', 'strength', 'weights']));
    for (const { done, of } of events) expect(done).toBeLessThanOrEqual(of);
  });

  test('ends at once when it is aborted', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const running = trainFloorInThread(jobOf(texts, 4), { signal: abort.signal });
    abort.abort(reason);
    await expect(running).rejects.toBe(reason);
    await expect(trainFloorInThread(jobOf(texts, 4), { signal: abort.signal })).rejects.toBe(reason);
  });

  test('does not depend on the order of the rows beyond rounding', () => {
    const order = randomStream(2, 'order').shuffle([...texts.keys()]);
    const a = allLogits(jobOf(texts, 4), texts);
    const b = allLogits(
      jobOf(
        order.map((i) => texts[i]),
        4,
      ),
      texts,
    );
    expect(farthest(a, b)).toBeLessThan(0.01); // weights are rounded to half precision
    expect(Math.max(...a.flatMap((z) => [...z].map(Math.abs)))).toBeGreaterThan(1);
  });

  test('takes a class weight as that many rows', () => {
    const job = jobOf(texts, 4);
    const repeated = partOf(
      job,
      Int32Array.from([...texts.keys()].flatMap((i) => (texts[i].label === 1 ? [i, i, i] : [i]))),
    );
    const solve = (one: FloorJob, from: FloorJob) => {
      const columns = columnsOf(job.rows, reading, KINDS, 1); // the same idf for both
      const matrix = matrixOf(from.rows, columns);
      const targets = weightedTargets(one.targets, 4, one.classWeights ?? null);
      const logistic = new Logistic(matrix, targets, everyRow(from.rows), 3);
      const found = new Float32Array(parameterCount(matrix.columns, 4));
      lbfgs((w, gradient) => logistic.evaluate(w, gradient), found, logistic.curvature(), closely);
      return found;
    };
    const weighted = solve({ ...job, classWeights: [1, 3, 1, 1] }, job);
    const again = solve({ ...job, ...repeated }, { ...job, ...repeated });
    const plain = solve(job, job);
    for (let j = 0; j < weighted.length - 4; j++) expect(weighted[j]).toBeCloseTo(again[j], 3);
    expect(Math.max(...weighted.map((w, j) => Math.abs(w - plain[j])))).toBeGreaterThan(0.1);
    const prior = trainFloor({ ...job, classWeights: [1, 3, 1, 1] }).parts.prior;
    expect([...prior]).toEqual([1, 3, 1, 1].map((w) => expect.closeTo(w / 6, 6)));
  });

  test('takes scores that are all on one label as that label', () => {
    const job = jobOf(texts, 4);
    const scores = Float32Array.from(texts.flatMap(({ label }) => [0, 1, 2, 3].map((c) => (c === label ? 1 : 0))));
    const soft = { ...job, targets: { labels: new Int32Array(texts.length).fill(-1), scores } };
    expect(floorFile(trainFloor(soft).parts)).toEqual(floorFile(trainFloor(job).parts));
    const chosen = trainFloor({ ...soft, settings: { ...soft.settings, strength: null } }).chosen!;
    expect(chosen.accuracy).toBe(trainFloor(jobOf(texts, 4, { strength: null })).chosen!.accuracy);
  });

  test('learns as many labels as there are', () => {
    const many = drawnTexts(600, 300);
    const { parts } = trainFloor(jobOf(many, 300, { buckets: 2 ** 18, tolerance: 1e-3 }));
    expect(parts.info.buckets * 300).toBeLessThanOrEqual(2 ** 24);
    expect(new Floor(parts).logits(many[0].ids)).toHaveLength(300);
  });
});

test.each([
  [2, false],
  [4, false],
  [2, true],
] as const)('averaged SGD comes close to L-BFGS (%i labels, pairs %s)', (labels, pairs) => {
  const job = softened(jobOf(drawnTexts(400, labels, { pairs }), labels));
  const strength = pairs ? 0.1 : 3;
  const { columns, matrix, targets, logistic, size } = problemOf(job, strength);
  const best = new Float32Array(size);
  const least = logistic.evaluate(best, new Float32Array(size));
  const found = lbfgs((w, gradient) => logistic.evaluate(w, gradient), best, logistic.curvature(), closely);
  const options = { strength, epochs: 20, seed: 1, chunk: 64 };
  const streamed = averagedSgd((some) => matrixOf(job.rows, columns, some), columns.count, targets, options);
  const reached = logistic.evaluate(streamed, new Float32Array(size));
  // of what there is to gain over no weights at all, 98 %
  expect(reached - found).toBeLessThan(0.02 * (least - found));
  expect(reached).toBeGreaterThanOrEqual(found - 1e-6);
  const z = logitsOf(matrix, streamed, labels, everyRow(job.rows));
  expect(z.every(Number.isFinite)).toBe(true);
  expect(averagedSgd((some) => matrixOf(job.rows, columns, some), columns.count, targets, options)).toEqual(streamed);
});

test('the streaming solver is taken where L-BFGS would need more memory than allowed', () => {
  const job = jobOf(drawnTexts(60, 3), 3);
  const solverOf = (maxBytes: number) => trainFloor({ ...job, settings: { ...job.settings, maxBytes } }).solver;
  expect([solverOf(2 ** 30), solverOf(1000)]).toEqual(['l-bfgs', 'averaged-sgd']);
});

test('folds have each label evenly, and never a row without label', () => {
  const labels = Int32Array.from({ length: 100 }, (_, i) => (i % 10 === 0 ? -1 : i % 3));
  const folds = foldsOf(labels, 3, 7);
  for (const label of [0, 1, 2]) {
    const counts = [0, 1, 2].map((fold) => folds.filter((f, i) => f === fold && labels[i] === label).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
  expect(folds.every((fold, i) => (fold === -1) === (labels[i] === -1))).toBe(true);
  expect(foldsOf(labels, 3, 8)).not.toEqual(folds);
});

test('the temperature undoes a factor that all logits were multiplied by', () => {
  const random = randomStream(3, 'logits');
  const z = Float64Array.from({ length: 3000 }, () => 2 * random.normal());
  // labels drawn as softmax(z) says, so that s = 1 fits z
  const labels = Array.from({ length: 1000 }, (_, i) => {
    const e = [0, 1, 2].map((c) => Math.exp(z[3 * i + c]));
    const at = random.next() * (e[0] + e[1] + e[2]);
    return at < e[0] ? 0 : at < e[0] + e[1] ? 1 : 2;
  });
  const own = temperatureOf(z, labels, 3);
  expect(Math.abs(own - 1)).toBeLessThan(0.15);
  expect(
    temperatureOf(
      z.map((value) => value / 4),
      labels,
      3,
    ),
  ).toBeCloseTo(4 * own, 2);
  for (const s of [own * 0.9, own * 1.1])
    expect(meanLogLoss(z, labels, 3, own)).toBeLessThan(meanLogLoss(z, labels, 3, s));
});
