/**
 * A checkpoint's weights for rows whose labels have another order than the checkpoint's, or are others: each row of the
 * classifier goes by the name of its label, and what the checkpoint does not know begins anew. Knows nothing of rows.
 */
import {
  type EncoderConfig,
  initialise,
  type LoadedWeights,
  type Parameters,
  parameterShapes,
  readWeights,
} from '../../encoder/index.ts';
import type { ProblemType } from '../../problem-type.ts';
import type { OnTrainEvent } from '../events.ts';
import { namesOf } from './label-counts.ts';

/** The classifier's tensors that have a row for each label. */
const BY_LABEL = ['classifier.weight', 'classifier.bias'];

/**
 * `stored`: as config.json has it; `labels`: the rows'. Says in words which labels the checkpoint knows, where it knows
 * some and not all, or has a classifier for none of them. `fits`: its classifier was trained for what the rows are answered with; one
 * that was not is not used. Throws as readWeights.
 */
export async function weightsByLabel(
  model: string,
  stored: EncoderConfig,
  labels: readonly string[],
  { seed, fits, problemType }: { readonly seed: number; readonly fits: boolean; readonly problemType: ProblemType },
  onEvent: OnTrainEvent,
): Promise<LoadedWeights> {
  // without names they are transformers' own
  const own = stored.labels.length > 0 ? stored.labels : ['LABEL_0', 'LABEL_1'];
  const { parameters, others, fresh } = await readWeights(model, { ...stored, labels: own }, { seed });
  const unmade = BY_LABEL.some((name) => fresh.includes(name));
  // a number has no name that matters
  const isNumber = problemType === 'regression' && own.length === 1;
  const from = labels.map((label) => (unmade || !fits ? -1 : isNumber ? 0 : rowOf(label, own)));
  const known = labels.filter((_, i) => from[i] >= 0);
  const note = (text: string) => onEvent({ kind: 'note', text });
  if (!unmade && !fits) {
    note(
      `the checkpoint's classifier was trained for ${stored.problemType}, and the rows are for ${problemType}: it starts from new weights`,
    );
  } else if (!unmade && known.length === 0) {
    note(
      `the checkpoint has a classifier for ${namesOf(own)}, but none of the rows' labels: it starts from new weights`,
    );
  } else if (!unmade && known.length < labels.length) {
    const rest = labels.filter((_, i) => from[i] < 0);
    note(`the checkpoint's classifier knows ${namesOf(known)}; its rows for ${namesOf(rest)} start from new weights`);
  }
  const shapes = parameterShapes({ ...stored, labels });
  const byLabel: Parameters = new Map(
    [...parameters].map(([name, tensor]) => {
      if (!BY_LABEL.includes(name)) return [name, tensor];
      const shape = shapes.get(name)!;
      const width = shape.length === 2 ? shape[1] : 1;
      const made = initialise(name, shape, seed, stored.initializerRange);
      from.forEach((row, i) => {
        if (row >= 0) made.data.set(tensor.data.subarray(row * width, (row + 1) * width), i * width);
      });
      return [name, made];
    }),
  );
  const anew = known.length === 0 ? BY_LABEL.filter((name) => !fresh.includes(name)) : [];
  return { parameters: byLabel, others, fresh: [...fresh, ...anew] };
}

/** The checkpoint's row for a label, −1: it has none. LABEL_0, LABEL_1, … are no names but numbers. */
function rowOf(label: string, own: readonly string[]): number {
  const row = own.indexOf(label);
  if (row >= 0) return row;
  const unnamed = own.every((name, i) => name === `LABEL_${i}`);
  return unnamed && /^(0|[1-9]\d*)$/.test(label) && Number(label) < own.length ? Number(label) : -1;
}
