/** Makes a trace: one pass of the engine over labelled rows, with exits off. */

import { Pyramid, type TracedText } from '../engine/index.ts';
import { PyramidError } from '../errors.ts';
import { labelNumbers } from '../evaluate/label-numbers.ts';
import type { Trace } from '../evaluate/trace.ts';
import type { WindowTrace } from '../evaluate/windows.ts';
import type { ProblemType } from '../problem-type.ts';
import { answerRule } from '../pyramid/exits/answer-rule.ts';
import type { WindowRule } from '../pyramid/exits/windows.ts';
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
  needRows(rows);
  const pyramid = typeof model === 'string' ? await Pyramid.load(model) : model;
  try {
    const described = traceFor(pyramid, rows);
    return described(await pyramid.trace(rows.examples, { onProgress }));
  } finally {
    if (typeof model === 'string') await pyramid.close();
  }
}

/** The same of texts that run as windows which share `stride` tokens, an entry for each window; `windows` is how they will be judged. Throws MP_OPTION_VALUE too. */
export async function runWindowTrace(
  pyramid: Pyramid,
  rows: Dataset,
  windows: { readonly stride: number; readonly windows: WindowRule },
  onProgress?: (share: number) => void,
): Promise<WindowTrace> {
  needRows(rows);
  const described = traceFor(pyramid, rows);
  const traced = await pyramid.traceWindows(rows.examples, { ...windows, onProgress });
  const of = traced.flatMap((windows, text) => windows.map(() => text));
  return { trace: described(traced.flat(), of), counts: traced.map(({ length }) => length) };
}

function needRows(rows: Dataset): void {
  if (rows.examples.length === 0) throw new PyramidError('MP_DATA_EMPTY', { path: rows.name });
}

/** Makes the trace of what was traced; `of`: the row that each is of, the one in its place where left out. Throws MP_USAGE. */
function traceFor(pyramid: Pyramid, rows: Dataset): (traced: readonly TracedText[], of?: readonly number[]) => Trace {
  const rule = answerRule(pyramid, pyramid.info);
  needSameKind(rows, rule.problemType);
  const answers = rule.problemType === 'single_label_classification' ? null : rule;
  const isNumber = rule.problemType === 'regression';
  const labels = isNumber ? [0] : labelNumbers(rows, pyramid.labels);
  const inOrder = (target: readonly number[]) =>
    isNumber ? target : labels.map((_, i) => target[labels.indexOf(i)] ?? 0);
  return (traced, of) => ({
    shape: pyramid.shape,
    labels: pyramid.labels,
    headKind: pyramid.headKind,
    pairs: pyramid.info.pairs,
    dtype: pyramid.dtype,
    ...(pyramid.exitSum && { floor: pyramid.exitSum }),
    ...(pyramid.info.exitTemperatures && { temperatures: pyramid.info.exitTemperatures }),
    ...(answers && { answers }),
    entries: traced.map((one, i) => {
      const { label, target } = rows.examples[of?.[i] ?? i];
      return {
        label: labels[label] ?? NO_LABEL,
        ...(answers && target && { target: inOrder(target) }),
        ...one,
      };
    }),
  });
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
