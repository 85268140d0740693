/** Makes a trace: one pass of the engine over labelled rows, with exits off. */
import { Pyramid } from '../engine/index.ts';
import { PyramidError } from '../errors.ts';
import { labelNumbers } from '../evaluate/label-numbers.ts';
import type { Trace } from '../evaluate/trace.ts';
import type { ProblemType } from '../problem-type.ts';
import { answerRule } from '../pyramid/exits/answer-rule.ts';
import { type Dataset, NO_LABEL, problemTypeOfRows } from '../text/example.ts';

/**
 * The trace of `rows`, in their order; the labels are the model's. `model` is a folder, or a model that is loaded
 * already and stays open. `onProgress` gets the share done, 0 to 1.
 * Throws MP_DATA_EMPTY, MP_USAGE if a label of the rows is not the model's, and as `Pyramid.load`.
 */
export async function runTrace(
  model: string | Pyramid,
  rows: Dataset,
  onProgress?: (share: number) => void,
): Promise<Trace> {
  if (rows.examples.length === 0) throw new PyramidError('MP_DATA_EMPTY', { path: rows.name });
  const pyramid = typeof model === 'string' ? await Pyramid.load(model) : model;
  try {
    const rule = answerRule(pyramid, pyramid.info);
    needSameKind(rows, rule.problemType);
    const answers = rule.problemType === 'single_label_classification' ? null : rule;
    const isNumber = rule.problemType === 'regression';
    const labels = isNumber ? [0] : labelNumbers(rows, pyramid.labels);
    const inOrder = (target: readonly number[]) =>
      isNumber ? target : labels.map((_, i) => target[labels.indexOf(i)] ?? 0);
    const traced = await pyramid.trace(rows.examples, { onProgress });
    return {
      shape: pyramid.shape,
      labels: pyramid.labels,
      headKind: pyramid.headKind,
      pairs: pyramid.info.pairs,
      dtype: pyramid.dtype,
      ...(pyramid.exitSum && { floor: pyramid.exitSum }),
      ...(pyramid.info.exitTemperatures && { temperatures: pyramid.info.exitTemperatures }),
      ...(answers && { answers }),
      entries: rows.examples.map(({ label, target }, i) => ({
        label: labels[label] ?? NO_LABEL,
        ...(answers && target && { target: inOrder(target) }),
        ...traced[i],
      })),
    };
  } finally {
    if (typeof model === 'string') await pyramid.close();
  }
}

/** Throws MP_USAGE for rows that are answered with something else than the model gives. */
function needSameKind(rows: Dataset, problemType: ProblemType): void {
  const own = problemTypeOfRows(rows);
  if (own === problemType) return;
  throw new PyramidError('MP_USAGE', {
    what: `${rows.name}: the rows are for ${own}, and the model is a ${problemType}`,
    todo: 'use rows of the task that the model was trained for',
  });
}
