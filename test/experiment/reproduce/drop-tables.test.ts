import { describe, expect, it } from 'vitest';
import type { Summary } from '../../../src/evaluate/index.ts';
import { dropAverageTable, dropTable, meanCurve } from '../../../src/experiment/reproduce/drop-tables.ts';
import { averageTable } from '../../../src/experiment/reproduce/reproduce-summaries.ts';
import { resultRow, type StoredResult } from '../../../src/experiment/stored-result.ts';

/** [tau, accuracy, speed-up]; as computed it is twice that of the paper's count. */
type Point = readonly [tau: number | null, accuracy: number, speedup: number];
const summary = ([tau, accuracy, speedup]: Point) =>
  ({
    tau,
    accuracy,
    speedup: { paper: speedup, actual: 2 * speedup },
    gflops: { paper: 1 / speedup, actual: 1 / speedup },
  }) as unknown as Summary;

function result(task: string, method: string, seed: number, curve: readonly Point[], chosen: Point): StoredResult {
  const points = curve.map(summary);
  return {
    task,
    method,
    seed,
    test: points[0],
    curve: points,
    drops: (['paper', 'actual'] as const).map((by) => ({ maxDrop: 0.01, by, point: summary(chosen) })),
  } as unknown as StoredResult;
}
const bert = (task: string, seed: number, accuracy: number) =>
  result(task, 'bert', seed, [[null, accuracy, 1]], [null, accuracy, 1]);

describe('the mean of curves', () => {
  it('takes each curve as level between its own taus, and the speed-up of the mean operations', () => {
    const curves: readonly (readonly Point[])[] = [
      [
        [null, 0.9, 1],
        [0.2, 0.8, 4],
      ],
      [
        [null, 0.8, 2],
        [0.1, 0.7, 2],
        [0.2, 0.6, 4],
      ],
    ];
    const mean = meanCurve(curves.map((curve) => curve.map(summary)));
    expect(mean.map(({ tau }) => tau)).toEqual([null, 0.1, 0.2]);
    expect(mean.map(({ accuracy }) => accuracy.toFixed(6))).toEqual(['0.850000', '0.800000', '0.700000']);
    // 1 and 1/2 of the operations, then 1 and 1/2, then 1/4 and 1/4
    expect(mean.map(({ speedup }) => speedup.paper?.toFixed(6))).toEqual(['1.333333', '1.333333', '4.000000']);
    expect(mean[2].speedup.actual).toBeCloseTo(8, 12);
  });
});

describe('speed-up by drop of models that do not answer with one label', () => {
  it('is counted and named by what they are judged by', () => {
    const withF1 = (point: Summary, microF1: number) => ({ ...point, microF1 });
    const curve: readonly Point[] = [
      [null, 0.4, 1],
      [0.5, 0.39, 2],
      [0.9, 0.1, 3],
    ];
    const given = result('topics', 'mp', 0, curve, curve[1]);
    const sets = {
      ...given,
      test: withF1(given.test, 0.8),
      curve: [0.8, 0.795, 0.7].map((microF1, i) => withF1(given.curve[i], microF1)),
      drops: given.drops.map((drop) => ({ ...drop, point: withF1(drop.point, 0.795) })),
    } as unknown as StoredResult;
    const table = dropTable([sets]);
    expect(table.heads).toContain('Micro F1 (paper)');
    expect(table.rows[0]).toContain('0.795');
    expect(table.records[0]).toMatchObject({ figure: 'microF1', accuracyPaper: 0.795, bestPaper: 2 });
    const both = dropTable([sets, result('qqp', 'mp', 0, curve, curve[1])]);
    expect(both.heads).toContain('Micro F1 / Accuracy (paper)');
    expect(both.rows[1]).toContain('39.0 %');
    expect(averageTable([resultRow({ ...sets, clock: { seconds: 1, msPerText: null } })])).toMatchObject({
      heads: expect.arrayContaining(['Micro F1']),
      rows: [expect.arrayContaining(['0.800'])],
    });
  });
});

describe('speed-up by drop', () => {
  const curveA: readonly Point[] = [
    [null, 0.9, 1],
    [0.5, 0.9, 2],
    [0.9, 0.885, 3],
  ];
  const curveB: readonly Point[] = [
    [null, 0.84, 1],
    [0.5, 0.82, 2],
    [0.9, 0.8, 3],
  ];

  it('of one seed: the choice with its tau, and the best of the curve itself', () => {
    const results = [bert('qqp', 0, 0.905), result('qqp', 'mp', 0, curveA, curveA[2])];
    const [row] = dropTable(results).records;
    expect(row).toMatchObject({
      seeds: 1,
      tauPaper: 0.9,
      accuracyPaper: 0.885,
      accuracyPaperSpread: null,
      speedupActual: 6,
      bestPaper: 2,
      bestActual: 4,
    });
  });

  it('of two seeds: mean and spread of the choices, the best of the mean curve below the mean of plain BERT', () => {
    const results = [
      bert('qqp', 0, 0.9),
      bert('qqp', 1, 0.8),
      result('qqp', 'mp', 0, curveA, curveA[2]),
      result('qqp', 'mp', 1, curveB, curveB[1]),
    ];
    const table = dropTable(results);
    const [row] = table.records;
    // alone, the first seed's best is 2
    expect(row).toMatchObject({ seeds: 2, tauPaper: null, speedupPaper: 2.5, bestPaper: 3 });
    expect(row.accuracyPaper).toBeCloseTo((0.885 + 0.82) / 2, 12);
    expect(row.speedupPaperSpread).toBeCloseTo(Math.SQRT1_2, 12);
    expect(table.rows[0]).toContain('2.50× ± 0.71×');
  });

  it('says so where no point is accurate enough, and counts plain BERT there in the averages', () => {
    const results = [
      bert('qqp', 0, 0.9),
      bert('rte', 0, 0.9),
      result('qqp', 'mp', 0, curveA, curveA[1]),
      result('rte', 'mp', 0, curveB, curveB[0]),
    ];
    const table = dropTable(results);
    expect(table.records.map(({ bestPaper }) => bestPaper)).toEqual([2, null]);
    expect(table.rows[1]).toContain('–');
    const [average] = dropAverageTable(results).records;
    expect(average.bestPaper).toBeCloseTo(Math.SQRT2, 12);
    expect(average.tasks).toBe(2);
  });
});
