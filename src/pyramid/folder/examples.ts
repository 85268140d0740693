/**
 * `examples.json` of a model folder: rows with their labels that a page shows first, and what the model was trained on.
 * They are there only where somebody put them: training keeps no texts. Knows nothing of where the folder lies.
 */
import { PyramidError } from '../../errors.ts';
import { type Folder, jsonObjectIn, pathIn, readText } from '../../folder.ts';

export const EXAMPLES_FILE = 'examples.json';

export interface ExampleRow {
  readonly text: string;
  /** The second text of a pair. */
  readonly pair?: string;
  /** What the row's author says it is; left out where nobody has said. */
  readonly label?: string;
}

export interface ModelExamples {
  /** What the model was trained on, in a sentence or two; null: it does not say. */
  readonly about: string | null;
  readonly examples: readonly ExampleRow[];
}

/** null: there is no such file. Throws MP_MODEL_FILE for one that is something else. */
export async function examplesOf(folder: Folder): Promise<ModelExamples | null> {
  const text = await readText(folder, EXAMPLES_FILE);
  if (text === null) return null;
  const path = pathIn(folder.path, EXAMPLES_FILE);
  const fault = (problem: string, cause?: unknown) => new PyramidError('MP_MODEL_FILE', { path, problem }, { cause });
  const { about = null, examples } = jsonObjectIn(text, fault);
  if (about !== null && typeof about !== 'string') throw fault('its "about" is no text');
  if (!Array.isArray(examples) || !examples.every(isRow))
    throw fault('its "examples" are no list of objects with a text, and a pair and a label that are texts');
  return { about, examples };
}

const isRow = (row: unknown): row is ExampleRow => {
  if (row === null || typeof row !== 'object') return false;
  const { text, pair, label } = row as Record<string, unknown>;
  const isTextOrNone = (value: unknown) => value === undefined || typeof value === 'string';
  return typeof text === 'string' && text.trim() !== '' && isTextOrNone(pair) && isTextOrNone(label);
};
