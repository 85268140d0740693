/** What floor 0 learns from: token ids of many texts in one array, and their targets. Plain typed arrays, so that a thread may have them. */
import { type EncodedPair, secondOf } from '../../pyramid/floor/index.ts';

export interface FloorRows {
  /** Token ids of all rows, one after another; special tokens may be among them. */
  readonly ids: Int32Array;
  /** [n + 1]: where a row begins, and the next. */
  readonly starts: Int32Array;
  /** [n]: where the second text of a pair begins within `ids`; null for single texts. */
  readonly seconds: Int32Array | null;
}

/**
 * What the rows should be answered with: a label, or the scores that the network gives (its distillate).
 * Class weights apply to both: a soft row counts as a share of a row of each label.
 */
export interface FloorTargets {
  /** [n]: index of the label, −1 where the row has scores. */
  readonly labels: Int32Array;
  /** [rows with −1, C], in their order; null if there are none. */
  readonly scores: Float32Array | null;
  /**
   * Where a row may have any number of labels: how many rows, the first ones, a person has labelled. All are −1, and scores of 0 and 1
   * are what a person says. Left out where a row has one label.
   */
  readonly several?: number;
}

/** Rows from a tokenizer's encodings; of a pair, the second text begins where they say. */
export function floorRows(encodings: readonly EncodedPair[], pairs: boolean): FloorRows {
  const starts = new Int32Array(encodings.length + 1);
  for (const [i, { ids }] of encodings.entries()) starts[i + 1] = starts[i] + ids.length;
  const ids = new Int32Array(starts[encodings.length]);
  const seconds = pairs ? new Int32Array(encodings.length) : null;
  for (const [i, encoding] of encodings.entries()) {
    ids.set(encoding.ids, starts[i]);
    if (seconds) seconds[i] = starts[i] + secondOf(encoding);
  }
  return { ids, starts, seconds };
}

export const rowCount = ({ starts }: FloorRows): number => starts.length - 1;

/** Some rows with their targets, in the order of `which`. */
export function partOf(
  { rows, targets, labels }: { readonly rows: FloorRows; readonly targets: FloorTargets; readonly labels: number },
  which: Int32Array,
): { readonly rows: FloorRows; readonly targets: FloorTargets } {
  const { ids, starts, seconds } = rows;
  const ownStarts = new Int32Array(which.length + 1);
  for (const [r, i] of which.entries()) ownStarts[r + 1] = ownStarts[r] + starts[i + 1] - starts[i];
  const ownIds = new Int32Array(ownStarts[which.length]);
  for (const [r, i] of which.entries()) ownIds.set(ids.subarray(starts[i], starts[i + 1]), ownStarts[r]);
  const ownSeconds = seconds && which.map((i, r) => ownStarts[r] + seconds[i] - starts[i]);
  const scoresAt = new Int32Array(targets.labels.length);
  let next = 0;
  for (const [i, label] of targets.labels.entries()) if (label < 0) scoresAt[i] = labels * next++;
  const soft = which.filter((i) => targets.labels[i] < 0);
  const scores = targets.scores && new Float32Array(soft.length * labels);
  for (const [r, i] of soft.entries())
    scores!.set(targets.scores!.subarray(scoresAt[i], scoresAt[i] + labels), r * labels);
  return {
    rows: { ids: ownIds, starts: ownStarts, seconds: ownSeconds },
    targets: {
      labels: which.map((i) => targets.labels[i]),
      scores,
      ...(targets.several !== undefined && { several: which.filter((i) => i < targets.several!).length }),
    },
  };
}
