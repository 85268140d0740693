/**
 * The columns of the feature matrix: the buckets that enough training rows have, the most frequent first so that what is
 * often read lies together, with their idf = ln((1 + n) / (1 + df)) + 1. For pairs, also the idf of single pieces and the
 * spread of the overlap figures. An idf is rounded to half precision, as it is stored, before anything is learned from it.
 */
import { FIGURES, type FloorReading, featureReader, roundToHalf, SKIPPED } from '../../pyramid/floor/index.ts';
import { type FloorRows, readRow, rowCount, rowIds } from './floor-rows.ts';

export interface Columns {
  readonly reading: FloorReading;
  readonly kinds: Uint8Array;
  /** How many buckets have a column; the figures' columns come after them. */
  readonly seen: number;
  /** Of buckets and, for pairs, of standardised figures and their squares. */
  readonly count: number;
  /** [buckets]: −1 where a bucket has none. */
  readonly columnOf: Int32Array;
  /** [seen], by column. */
  readonly idf: Float32Array;
  readonly unseenIdf: number;
  readonly pieceIdf: Float32Array | null;
  /** [F] each; null for single texts. */
  readonly figures: { readonly mean: Float32Array; readonly spread: Float32Array } | null;
}

const idfOf = (rows: number, having: number): number => Math.log((1 + rows) / (1 + having)) + 1;

/** @param minRows buckets of fewer rows have no column */
export function columnsOf(rows: FloorRows, reading: FloorReading, kinds: Uint8Array, minRows: number): Columns {
  const n = rowCount(rows);
  const pieceIdf = reading.pairs ? pieceIdfOf(rows, kinds) : null;
  const reader = featureReader(reading, kinds, pieceIdf);
  const having = new Int32Array(reading.buckets);
  const sums = new Float64Array(2 * FIGURES);
  for (let i = 0; i < n; i++) {
    readRow(reader, rows, i);
    const { buckets, size, figures } = reader;
    for (let j = 0; j < size; j++) having[buckets[j]]++;
    for (let f = 0; f < figures.length; f++) {
      sums[f] += figures[f];
      sums[FIGURES + f] += figures[f] ** 2;
    }
  }
  const order: number[] = [];
  for (let b = 0; b < having.length; b++) if (having[b] >= minRows) order.push(b);
  order.sort((a, b) => having[b] - having[a] || a - b);
  const columnOf = new Int32Array(reading.buckets).fill(-1);
  for (let c = 0; c < order.length; c++) columnOf[order[c]] = c;
  const seen = order.length;
  return {
    ...{ reading, kinds, seen, columnOf, pieceIdf },
    count: seen + (reading.pairs ? 2 * FIGURES : 0),
    idf: roundToHalf(Float32Array.from(order, (bucket) => idfOf(n, having[bucket]))),
    unseenIdf: idfOf(n, 0),
    figures: reading.pairs ? standardised(sums, n) : null,
  };
}

/** [V]: each text of a pair counts by itself. */
function pieceIdfOf(rows: FloorRows, kinds: Uint8Array): Float32Array {
  const { starts, seconds } = rows;
  const having = new Int32Array(kinds.length);
  const lastText = new Int32Array(kinds.length).fill(-1);
  const n = rowCount(rows);
  for (let text = 0; text < 2 * n; text++) {
    const row = text >> 1;
    const ids = rowIds(rows, row);
    const second = seconds![row] - starts[row];
    const [from, to] = text & 1 ? [second, ids.length] : [0, second];
    for (let i = from; i < to; i++) {
      const id = ids[i];
      if (kinds[id] === SKIPPED || lastText[id] === text) continue;
      lastText[id] = text;
      having[id]++;
    }
  }
  return roundToHalf(Float32Array.from(having, (count) => idfOf(2 * n, count)));
}

/** A figure that is the same in all rows has the spread 1, so that it is 0 once standardised. */
function standardised(sums: Float64Array, n: number): NonNullable<Columns['figures']> {
  const mean = Float32Array.from({ length: FIGURES }, (_, f) => sums[f] / n);
  const spread = Float32Array.from({ length: FIGURES }, (_, f) => {
    const variance = sums[FIGURES + f] / n - (sums[f] / n) ** 2;
    return variance > 1e-12 ? Math.sqrt(variance) : 1;
  });
  return { mean, spread };
}
