/**
 * Texts that nobody has labelled, from any number of files: those of rows that judge or certify are found and left out, since
 * a model that has seen a text is no longer judged by it. Knows nothing of networks.
 */
import { createHash } from 'node:crypto';
import { PyramidError } from '../../errors.ts';
import { randomStream } from '../../random.ts';
import type { Dataset, Example } from '../../text/example.ts';
import { streamRows, textKey, textKeys } from '../../text/index.ts';
import { filesOf } from '../../text/named-files.ts';
import { hasFloor, methods } from '../methods.ts';
import type { TrainOptions } from '../options/defaults.ts';
import type { Rows } from '../start/rows.ts';

export type Text = Pick<Example, 'text' | 'pair'>;

/** Tells these texts from others: 16 characters. */
export function textsDigest(texts: readonly Text[]): string {
  const digest = createHash('sha256');
  for (const { text, pair } of texts) digest.update(JSON.stringify([text, pair ?? null]));
  return digest.digest('hex').slice(0, 16);
}

/** What must agree of them for a run to be resumed: files may change. */
export const textsSetting = (texts: readonly Text[]): Record<string, string> =>
  texts.length === 0 ? {} : { 'texts without labels': textsDigest(texts) };

/** What a run has of them: its files, and rows beyond the limit. None where no network or no floor 0 is there to use them. */
export async function unlabelledOf(
  options: TrainOptions,
  { train, validation, test, calibration, beyond = [] }: Rows,
  onNote: (text: string) => void,
): Promise<Text[]> {
  const { text, pair, delimiter, unlabelled: files, unlabelledRest, seed } = options;
  if (!hasFloor(options) || !methods[options.method].network) return [];
  const known = { train, judges: [validation, test, calibration ?? null] };
  const { pairs } = train;
  const read = files.length > 0 ? await readUnlabelled({ files, text, pair, delimiter, pairs, known, onNote }) : [];
  if (unlabelledRest === null) return read;
  const sieve = new Sieve(known);
  const rest = randomStream(seed, 'unlabelled rest')
    .shuffle([...beyond])
    .slice(0, unlabelledRest);
  for (const row of rest) sieve.add(row);
  onNote(`of the training rows beyond the limit: ${sieve.said}`);
  return [...read, ...sieve.texts];
}

/** Keeps texts that are new, and counts the others. */
class Sieve {
  readonly texts: Text[] = [];
  readonly #left = { judged: 0, labelled: 0, empty: 0 };
  readonly #judged: ReadonlySet<string>;
  readonly #labelled: ReadonlySet<string>;

  constructor({ train, judges }: UnlabelledOptions['known']) {
    this.#judged = textKeys(judges);
    this.#labelled = textKeys([train]);
  }

  add({ text, pair }: Text): void {
    const key = textKey({ text, pair });
    if (text.trim() === '') this.#left.empty++;
    else if (this.#judged.has(key)) this.#left.judged++;
    else if (this.#labelled.has(key)) this.#left.labelled++;
    else this.texts.push(pair === undefined ? { text } : { text, pair });
  }

  /** Both numbers, for people. */
  get said(): string {
    const { judged, labelled, empty } = this.#left;
    const parts = [
      judged > 0 && `${judged} that are also rows to judge by`,
      labelled > 0 && `${labelled} that are also training rows`,
      empty > 0 && `${empty} that are empty`,
    ].filter(Boolean);
    return `${this.texts.length} texts without labels${parts.length === 0 ? '' : `; left out: ${parts.join(', ')}`}`;
  }
}

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
 * Throws MP_FILE_MISSING for a name without a file, MP_USAGE for a pattern without one, and where pairs are needed and texts
 * are single or the other way round, MP_DATA_EMPTY where nothing is left, and as `streamRows`.
 */
export async function readUnlabelled({ files, pairs, known, onNote, ...columns }: UnlabelledOptions): Promise<Text[]> {
  const sieve = new Sieve(known);
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
      sieve.add({ text, pair });
    }
  }
  onNote(sieve.said);
  if (sieve.texts.length === 0) throw new PyramidError('MP_DATA_EMPTY', { path: files.join(', ') });
  return sieve.texts;
}

const otherKind = (path: string, pairs: boolean): PyramidError =>
  new PyramidError('MP_USAGE', {
    what: pairs ? `${path} has single texts, the model reads pairs` : `${path} has pairs, the model reads single texts`,
    todo: pairs ? 'name the two columns with --text and --pair' : 'name the one column with --text',
  });
