import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hashOf, inSpace } from '../../../src/pyramid/floor/hashing.ts';
import { Floor, type FloorReading, outputsFor } from '../../../src/pyramid/floor/index.ts';
import { columnsOf } from '../../../src/train/linear/columns.ts';
import type { FloorTargets } from '../../../src/train/linear/floor-rows.ts';
import { floorRows } from '../../../src/train/linear/floor-rows-writer.ts';
import { lbfgs } from '../../../src/train/linear/lbfgs.ts';
import { Logistic, logitsOf, parameterCount, weightedTargets } from '../../../src/train/linear/logistic.ts';
import { everyRow, matrixOf } from '../../../src/train/linear/matrix.ts';
import { trainFloor } from '../../../src/train/linear/train-floor.ts';

// scripts/make_floor_golden.py made the file with scikit-learn
interface Case {
  readonly name: string;
  readonly labels: number;
  readonly strength: number;
  readonly minRows: number;
  readonly rows: readonly (readonly number[] | readonly [readonly number[], readonly number[]])[];
  readonly targets: readonly (number | readonly number[])[];
  readonly classWeights: readonly number[] | null;
  readonly features: readonly (readonly (readonly [number, number])[])[];
  readonly weights: readonly (readonly [number, readonly number[]])[];
  readonly bias: readonly number[];
  readonly logits: readonly (readonly number[])[];
}
const golden = JSON.parse(readFileSync('test/golden/floor-golden.json', 'utf8')) as {
  readonly buckets: number;
  readonly vocabulary: number;
  readonly firstNumber: number;
  readonly hashes: readonly (readonly [number, number, number, number])[];
  readonly cases: readonly Case[];
};

const kinds = Uint8Array.from({ length: golden.vocabulary }, (_, id) =>
  id === 0 ? 1 : id >= golden.firstNumber ? 2 : 0,
);

const isPair = (row: Case['rows'][number]): row is readonly [readonly number[], readonly number[]] =>
  Array.isArray(row[0]);

const encoded = (row: Case['rows'][number]) => {
  const [first, second] = isPair(row) ? row : [row, []];
  return {
    ids: Int32Array.from([...first, ...second]),
    types: Uint8Array.from([...first.map(() => 0), ...second.map(() => 1)]),
  };
};

const settingsOf = ({ strength, minRows, rows }: Case) => {
  const pairs = isPair(rows[0]);
  const reading: FloorReading = {
    ...{ pairs, buckets: golden.buckets, maxTokens: null, bigrams: !pairs },
    weighting: pairs ? 'binary' : 'tfidf',
  };
  return { pairs, reading, strength, minRows };
};

const targetsOf = ({ targets }: Case): FloorTargets => ({
  labels: Int32Array.from(targets, (target) => (typeof target === 'number' ? target : -1)),
  scores: Float32Array.from(targets.filter((target) => typeof target !== 'number').flat()),
});

/** Column of each bucket, or figure, of the golden matrix. */
const columnIn = (columnOf: Int32Array, seen: number, at: number) =>
  at < golden.buckets ? columnOf[at] : seen + at - golden.buckets;

test('a hash is what whole numbers give', () => {
  for (const [first, second, space, hash] of golden.hashes) expect(inSpace(hashOf(first, second), space)).toBe(hash);
});

describe.each(golden.cases)('floor 0 with $name', (one) => {
  const { pairs, reading, strength, minRows } = settingsOf(one);
  const rows = floorRows(one.rows.map(encoded), pairs);
  const columns = columnsOf(rows, reading, kinds, minRows);
  const matrix = matrixOf(rows, columns);
  const outputs = outputsFor(one.labels);

  test('has the features of the reference', () => {
    for (const [i, row] of one.features.entries()) {
      const own = new Map<number, number>();
      for (let j = matrix.starts[i]; j < matrix.starts[i + 1]; j++)
        if (matrix.values[j] !== 0) own.set(matrix.indices[j], matrix.values[j]);
      expect(own.size).toBe(row.length);
      // float32
      for (const [at, value] of row)
        expect(own.get(columnIn(columns.columnOf, columns.seen, at))).toBeCloseTo(value, 5);
    }
  });

  test('has the weights and logits of scikit-learn', () => {
    const targets = weightedTargets(targetsOf(one), one.labels, one.classWeights);
    const logistic = new Logistic(matrix, targets, everyRow(rows), strength);
    const found = new Float32Array(parameterCount(matrix.columns, one.labels));
    lbfgs((w, gradient) => logistic.evaluate(w, gradient), found, logistic.curvature(), {
      tolerance: 1e-13,
      maxIterations: 1000,
    });
    // parameters are float32; weights reach 5
    for (const [at, weights] of one.weights)
      for (const [k, weight] of weights.entries())
        expect(found[columnIn(columns.columnOf, columns.seen, at) * outputs + k]).toBeCloseTo(weight, 3);
    // scikit-learn's softmax has one bias too many: their differences are what counts
    const own = found.subarray(matrix.columns * outputs);
    for (let k = 0; k < outputs; k++) {
      const shift = outputs === 1 ? 0 : own[0] - one.bias[0];
      expect(own[k] - shift).toBeCloseTo(one.bias[k], 3);
    }
    const z = logitsOf(matrix, found, one.labels, everyRow(rows));
    for (const [i, row] of one.logits.entries())
      for (let c = 1; c < one.labels; c++)
        expect(z[i * one.labels + c] - z[i * one.labels]).toBeCloseTo(row[c] - row[0], 3);
  });

  test('as a floor, in half precision, has logits within 0.02 of it', () => {
    const { parts } = trainFloor({
      ...{ rows, targets: targetsOf(one), labels: one.labels, kinds, seed: 1 },
      ...(one.classWeights && { classWeights: one.classWeights }),
      settings: { ...reading, minRows, strength, tolerance: 1e-9, maxIterations: 1000 },
    });
    const floor = new Floor(parts);
    for (const [i, row] of one.rows.entries()) {
      const { ids } = encoded(row);
      const z = floor.logits(ids, isPair(row) ? row[0].length : ids.length)!;
      for (let c = 1; c < one.labels; c++)
        expect(Math.abs(z[c] - z[0] - (one.logits[i][c] - one.logits[i][0]))).toBeLessThan(0.02);
    }
  });
});
