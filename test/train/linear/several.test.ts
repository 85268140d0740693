import { describe, expect, it } from 'vitest';
import { exitSum } from '../../../src/pyramid/exits/sum.ts';
import { Floor, floorFile, floorFrom, readFloorInfo } from '../../../src/pyramid/floor/index.ts';
import { randomStream } from '../../../src/random.ts';
import { chooseSum } from '../../../src/train/linear/choose-sum.ts';
import { columnsOf } from '../../../src/train/linear/columns.ts';
import { rowIds } from '../../../src/train/linear/floor-rows.ts';
import { FLOOR_DEFAULTS } from '../../../src/train/linear/floor-settings.ts';
import { MEMORY } from '../../../src/train/linear/lbfgs.ts';
import { meanLogLoss } from '../../../src/train/linear/log-loss.ts';
import { Logistic, parametersFor, residualsOf, weightedTargets } from '../../../src/train/linear/logistic.ts';
import { temperatureOf } from '../../../src/train/linear/temperature.ts';
import { bytesNeeded, trainFloor } from '../../../src/train/linear/train-floor.ts';
import { drawnTexts, jobOf } from '../../support/floor-data.ts';

const random = randomStream(4, 'several');
const targetsOf = (rows: readonly (readonly number[])[], weights: readonly number[] | null = null) =>
  weightedTargets(
    { labels: new Int32Array(rows.length).fill(-1), scores: Float32Array.from(rows.flat()), several: rows.length },
    rows[0].length,
    weights,
  );

describe('one logistic regression a label', () => {
  it('has the loss of weighted coins, and its derivative', () => {
    const targets = targetsOf([[1, 0, 0.25]], [2, 3, 4]);
    const z = [0.3, -1.2, 2];
    const loss = (at: readonly number[]) => residualsOf(Float64Array.from(at), targets, 0);
    const log = (p: number) => Math.log(p);
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    const expected =
      -2 * log(sigmoid(z[0])) - log(1 - sigmoid(z[1])) - 4 * 0.25 * log(sigmoid(z[2])) - 0.75 * log(1 - sigmoid(z[2]));
    expect(loss(z)).toBeCloseTo(expected, 12);
    const gradient = Float64Array.from(z);
    residualsOf(gradient, targets, 0);
    for (const c of z.keys()) {
      const moved = (by: number) => loss(z.map((value, i) => (i === c ? value + by : value)));
      expect(gradient[c]).toBeCloseTo((moved(1e-6) - moved(-1e-6)) / 2e-6, 7);
    }
  });

  it('learns each label by itself: two labels that exclude each other give the odds of one alone', () => {
    const texts = drawnTexts(80, 2);
    const one = jobOf(texts, 2, { strength: 1, tolerance: 1e-7, maxIterations: 300 });
    const rows = Array.from(one.targets.labels, (label) => [1 - label, label]);
    const both = {
      ...one,
      targets: {
        labels: new Int32Array(rows.length).fill(-1),
        scores: Float32Array.from(rows.flat()),
        several: rows.length,
      },
    };
    const alone = new Floor(trainFloor(one).parts);
    const several = new Floor(trainFloor(both).parts);
    for (let i = 0; i < 20; i++) {
      const text = rowIds(one.rows, i);
      const [z0, z1] = several.logits(text)!;
      const [a, b] = alone.logits(text)!;
      expect(z1).toBeCloseTo(b - a, 1);
      expect(z0).toBeCloseTo(a - b, 1);
    }
  });

  it('needs memory for an output a label, of two labels twice what labels that exclude each other need', () => {
    const { rows, kinds, targets } = jobOf(drawnTexts(60, 2), 2);
    const { bigrams, maxTokens, weighting } = FLOOR_DEFAULTS.texts;
    const columns = columnsOf(rows, { pairs: false, buckets: 2 ** 12, bigrams, maxTokens, weighting }, kinds, 1);
    const one = bytesNeeded(rows, columns, weightedTargets(targets, 2, null));
    const both = bytesNeeded(rows, columns, targetsOf(Array.from(targets.labels, (label) => [label, 1 - label])));
    expect(both - one).toBe(4 * (2 * MEMORY + 6) * (columns.count + 1));
  });

  it('is stored and read as such, one label too', () => {
    const one = jobOf(drawnTexts(60, 2), 2, { strength: null });
    const job = {
      ...one,
      labels: 1,
      targets: {
        labels: new Int32Array(60).fill(-1),
        scores: Float32Array.from(one.targets.labels),
        several: 60,
      },
    };
    const { parts, chosen } = trainFloor(job);
    expect(parts.info).toMatchObject({ labels: 1, several: true });
    expect(chosen!.accuracy).toBeGreaterThan(0.5);
    expect(floorFile(parts).length).toBeGreaterThan(100);
    const fits = { labels: 1, several: true, vocabulary: parts.info.vocabulary };
    expect(readFloorInfo(parts.info, fits, 'config.json')).toEqual(parts.info);
    expect(() => readFloorInfo(parts.info, { ...fits, several: false }, 'config.json')).toThrow('one label');
    expect(() => floorFrom(parts.info, new Map(), 'f')).toThrow('pyramid.floor.kinds');
    const share = one.targets.labels.reduce((sum, label) => sum + label, 0);
    expect(parts.prior[0]).toBeCloseTo((share + 0.5) / 61, 5);
    const { prior } = exitSum({ ...parts, info: { ...parts.info, sum: { weight: 1, priorShare: 1 } } });
    expect(prior[0]).toBeCloseTo(Math.log(parts.prior[0] / (1 - parts.prior[0])), 6);
  });
});

it('the gradient over rows is that of the loss', () => {
  const rows = Array.from({ length: 6 }, () => [random.integer(2), random.integer(2)]);
  const targets = targetsOf(rows, [1, 2]);
  const matrix = {
    rows: 6,
    columns: 2,
    starts: Int32Array.from({ length: 7 }, (_, i) => 2 * i),
    indices: Int32Array.from({ length: 12 }, (_, i) => i % 2),
    values: Float32Array.from({ length: 12 }, () => random.normal()),
  };
  const logistic = new Logistic(matrix, targets, Int32Array.from(rows.keys()), 1);
  const w = Float32Array.from({ length: parametersFor(2, targets) }, () => random.normal());
  const gradient = new Float32Array(w.length);
  logistic.evaluate(w, gradient);
  for (const j of w.keys()) {
    const at = (by: number) =>
      logistic.evaluate(
        w.map((value, i) => (i === j ? value + by : value)),
        new Float32Array(w.length),
      );
    expect(gradient[j]).toBeCloseTo((at(1e-2) - at(-1e-2)) / 2e-2, 3); // float32 parameters
  }
});

describe('scores of labels that do not exclude each other', () => {
  const shares = Float64Array.from({ length: 4000 }, () => random.integer(2));
  const sure = shares.map((t) => 2 * (2 * t - 1) + 2 * random.normal()); // odds are exp(z)
  it('are as sure as they are right at the temperature of least loss', () => {
    const s = temperatureOf(
      sure.map((z) => 3 * z),
      { shares },
      2,
    );
    expect(s).toBeCloseTo(1 / 3, 1);
    expect(meanLogLoss(Float64Array.of(0, 2), { shares: [1, 0] }, 2)).toBeCloseTo(
      (Math.log(2) + Math.log1p(Math.exp(2))) / 2,
      12,
    );
  });
  it('are summed with floor 0 where that helps, and left alone where it is noise', () => {
    const noise = shares.map(() => random.normal());
    const rows = { labels: 2, network: sure, prior: [0.5, 0.5], truth: { shares } };
    const other = shares.map((t) => 2 * (2 * t - 1) + 2 * random.normal());
    expect(chooseSum({ ...rows, floor: other }).weight).toBeGreaterThan(0.5);
    expect(chooseSum({ ...rows, floor: noise.map((z) => 20 * z) }).weight).toBe(0);
  });
});
