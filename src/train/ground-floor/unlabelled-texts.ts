/**
 * Texts that nobody has labelled, from any number of files: those of rows that judge or certify are found and left out, since
 * a model that has seen a text is no longer judged by it. Knows nothing of networks.
 */
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { PyramidError } from '../../errors.ts';
import type { Dataset, Example } from '../../text/example.ts';
import { streamRows } from '../../text/index.ts';
import type { TrainOptions } from '../options/defaults.ts';

export type Text = Pick<Example, 'text' | 'pair'>;

export interface UnlabelledOptions extends Pick<TrainOptions, 'text' | 'pair' | 'delimiter'> {
  /** Files, or patterns of their names. */
  readonly files: readonly string[];
  readonly pairs: boolean;
  /** Rows whose texts are left out: training rows have a label already, the others judge. */
  readonly known: { readonly train: Dataset | null; readonly judges: readonly (Dataset | null)[] };
  /** Gets what there is to say: columns that are not used, texts that are left out. */
  readonly onNote: (text: string) => void;
}

/**
 * In the order of the files, those of a pattern by name. Empty texts are left out.
 * Throws MP_FILE_MISSING for a name or pattern without a file, MP_USAGE where pairs are needed and texts are single or the
 * other way round, MP_DATA_EMPTY where nothing is left, and as `streamRows`.
 */
export async function readUnlabelled({ files, pairs, known, onNote, ...columns }: UnlabelledOptions): Promise<Text[]> {
  const judged = keysOf(known.judges);
  const labelled = keysOf([known.train]);
  const texts: Text[] = [];
  const left = { judged: 0, labelled: 0, empty: 0 };
  for (const path of await filesOf(files)) {
    let hasLabels = false;
    for await (const { text, pair, label } of streamRows(path, {
      ...(columns.text !== null && { text: columns.text }),
      ...(columns.pair !== null && { pair: columns.pair }),
      ...(columns.delimiter !== null && { delimiter: columns.delimiter }),
      onGuess: onNote,
    })) {
      if ((pair !== undefined) !== pairs) throw otherKind(path, pairs);
      if (label !== undefined && !hasLabels) onNote(`${path} has a column of labels, which is not used`);
      hasLabels ||= label !== undefined;
      const key = keyOf({ text, pair });
      if (text.trim() === '') left.empty++;
      else if (judged.has(key)) left.judged++;
      else if (labelled.has(key)) left.labelled++;
      else texts.push(pair === undefined ? { text } : { text, pair });
    }
  }
  const parts = [
    left.judged > 0 && `${left.judged} that are also rows to judge by`,
    left.labelled > 0 && `${left.labelled} that are also training rows`,
    left.empty > 0 && `${left.empty} that are empty`,
  ].filter(Boolean);
  const without = parts.length === 0 ? '' : `; left out: ${parts.join(', ')}`;
  onNote(`${texts.length} texts without labels${without}`);
  if (texts.length === 0) throw new PyramidError('MP_DATA_EMPTY', { path: files.join(', ') });
  return texts;
}

/** Each once. */
async function filesOf(patterns: readonly string[]): Promise<string[]> {
  const found = new Map<string, string>();
  for (const pattern of patterns) {
    // a file's own name may look like a pattern
    const isPattern = !existsSync(pattern) && isDynamicPattern(pattern);
    const paths = isPattern
      ? (await glob(pattern, { absolute: isAbsolute(pattern), expandDirectories: false })).sort()
      : [pattern];
    if (paths.length === 0) throw new PyramidError('MP_FILE_MISSING', { path: pattern, what: 'file of that pattern' });
    for (const path of paths) if (!found.has(resolve(path))) found.set(resolve(path), path);
  }
  return [...found.values()];
}

const keyOf = ({ text, pair }: Text): string => (pair === undefined ? text.trim() : `${text.trim()}\0${pair.trim()}`);

const keysOf = (sets: readonly (Dataset | null)[]): Set<string> =>
  new Set(sets.flatMap((set) => set?.examples.map(keyOf) ?? []));

const otherKind = (path: string, pairs: boolean): PyramidError =>
  new PyramidError('MP_USAGE', {
    what: pairs ? `${path} has single texts, the model reads pairs` : `${path} has pairs, the model reads single texts`,
    todo: pairs ? 'name the two columns with --text and --pair' : 'name the one column with --text',
  });
