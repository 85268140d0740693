/** Makes a trace: one pass of the engine over labelled rows, with exits off. */
import { Pyramid } from '../engine/index.ts';
import { PyramidError } from '../errors.ts';
import { labelNumbers } from '../evaluate/label-numbers.ts';
import type { Trace } from '../evaluate/trace.ts';
import type { Dataset } from '../text/example.ts';

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
    const labels = labelNumbers(rows, pyramid.labels);
    const traced = await pyramid.trace(rows.examples, { onProgress });
    return {
      shape: pyramid.shape,
      labels: pyramid.labels,
      headKind: pyramid.headKind,
      pairs: pyramid.info.pairs,
      dtype: pyramid.dtype,
      ...(pyramid.exitSum && { floor: pyramid.exitSum }),
      ...(pyramid.info.exitTemperatures && { temperatures: pyramid.info.exitTemperatures }),
      entries: rows.examples.map(({ label }, i) => ({ label: labels[label], ...traced[i] })),
    };
  } finally {
    if (typeof model === 'string') await pyramid.close();
  }
}
