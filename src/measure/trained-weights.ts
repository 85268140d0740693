/** The class weights that a model was trained with, by what its training.json says of them and of its training rows. */
import { diskFolder } from '../disk-folder.ts';
import { PyramidError } from '../errors.ts';
import { jsonObjectIn, readText } from '../folder.ts';
import { readClassWeights } from '../train/options/option-values.ts';
import { classWeights } from '../train/start/label-weights.ts';

/** [C]; null: none, or the folder does not say. Throws MP_MODEL_FILE. */
export async function trainedWeights(dir: string, labels: readonly string[]): Promise<number[] | null> {
  const text = await readText(diskFolder(dir), 'training.json');
  if (text === null) return null;
  const path = `${dir}/training.json`;
  const fault = (problem: string, cause?: unknown) => new PyramidError('MP_MODEL_FILE', { path, problem }, { cause });
  const { options, data } = jsonObjectIn(text, fault) as {
    options?: { classWeights?: unknown };
    data?: { train?: { labels?: readonly { readonly label: string; readonly rows: number }[] } };
  };
  const given = options?.classWeights;
  if (given === undefined || given === 'none') return null;
  const weights = readClassWeights(given);
  if (weights === undefined) throw fault('options.classWeights are not none, auto, or a weight for each label');
  const rows = data?.train?.labels;
  if (weights === 'auto' && !Array.isArray(rows))
    throw fault('data.train.labels does not say how many rows a label had');
  const counts = labels.map((label) => Number(rows?.find((one) => one.label === label)?.rows ?? 0));
  return classWeights(weights, labels, counts);
}
