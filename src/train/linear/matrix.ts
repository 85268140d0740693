/** The features of rows as a sparse matrix: for each row the columns that are not 0, and their values. */
import { featureReader, tfWeights } from '../../pyramid/floor/index.ts';
import type { Columns } from './columns.ts';
import { type FloorRows, readRow, rowCount } from './floor-rows.ts';

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** [rows + 1] */
  readonly starts: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float32Array;
}

/** @param which rows, in this order; all if left out */
export function matrixOf(rows: FloorRows, columns: Columns, which: Int32Array = everyRow(rows)): Matrix {
  const { reading, kinds, columnOf, idf, unseenIdf, seen, figures, pieceIdf } = columns;
  const reader = featureReader(reading, kinds, pieceIdf);
  const tf = tfWeights(reading.weighting);
  const binary = reading.weighting === 'binary';
  const starts = new Int32Array(which.length + 1);
  // at most a unigram and a bigram a token
  let most = (columns.count - seen) * which.length;
  for (const i of which) most += 2 * (rows.starts[i + 1] - rows.starts[i]);
  const indices = new Int32Array(most);
  const values = new Float32Array(most);
  let at = 0;
  for (let r = 0; r < which.length; r++) {
    readRow(reader, rows, which[r]);
    const { size, buckets, counts } = reader;
    const begin = at;
    let squares = 0;
    for (let j = 0; j < size; j++) {
      const column = columnOf[buckets[j]];
      const value = tf[Math.min(counts[j], tf.length - 1)] * (binary ? 1 : column < 0 ? unseenIdf : idf[column]);
      squares += value * value;
      if (column < 0) continue;
      indices[at] = column;
      values[at++] = value;
    }
    if (!binary && squares > 0) {
      const scale = 1 / Math.sqrt(squares);
      for (let j = begin; j < at; j++) values[j] *= scale;
    }
    if (figures) {
      const { length } = figures.mean;
      for (let f = 0; f < length; f++) {
        const value = (reader.figures[f] - figures.mean[f]) / figures.spread[f];
        indices[at] = seen + f;
        values[at] = value;
        indices[at + length] = seen + length + f;
        values[at + length] = value * value;
        at++;
      }
      at += length;
    }
    starts[r + 1] = at;
  }
  return {
    ...{ rows: which.length, columns: columns.count, starts },
    // memory beyond was never written to, so that a copy would only add to it
    indices: indices.subarray(0, at),
    values: values.subarray(0, at),
  };
}

export const everyRow = (rows: FloorRows): Int32Array => Int32Array.from({ length: rowCount(rows) }, (_, i) => i);
