/**
 * Rows that may certify a model: those that it was neither trained nor chosen on. What training saw is read again where its
 * files are at hand; a model folder keeps no trace of its texts, which are nobody else's business.
 */
import { PyramidError } from '../../errors.ts';
import type { Dataset, Example } from '../../text/example.ts';
import { textKey } from '../../text/text-key.ts';
import { isRecord } from '../checkpoint/stored-progress.ts';
import type { OnTrainEvent } from '../events.ts';
import { readUnlabelled, type Text, unlabelledOf } from '../with-floor/unlabelled-texts.ts';
import { fingerprint, type Rows } from './rows.ts';
import { rowsOfTraining } from './validation-rows.ts';

/** Share of rows above which they are not a few texts that came twice: they are the rows of training. */
const MOST_REUSED = 0.05;

/**
 * `rows` without those whose texts trained the model in `dir` or were its validation rows; a note says how many were left out,
 * and another where that could not be found out. Throws MP_USAGE where they are more than a twentieth.
 */
export async function freshRows(dir: string, rows: Dataset, onEvent: OnTrainEvent = () => {}): Promise<Dataset> {
  const note = (text: string) => onEvent({ kind: 'note', text });
  const seen = await seenTexts(dir, note).catch((error: unknown) => {
    if (!(error instanceof PyramidError)) throw error;
    note(`whether ${dir} was trained on any of these rows was not checked: ${error.message}`);
    return null;
  });
  if (seen === null) return rows;
  if (seen.changed)
    note(`the rows that ${dir} was trained on have changed since: whether it has seen any of these is not certain`);
  const wanted = new Map(rows.examples.map((row) => [textKey(row), row]));
  const met = new Set<string>();
  // only keys of the given rows are kept: those of training may be a million
  for (const text of seen.texts) if (wanted.has(textKey(text))) met.add(textKey(text));
  const examples = rows.examples.filter((row) => !met.has(textKey(row)));
  const reused = rows.examples.length - examples.length;
  if (reused > MOST_REUSED * rows.examples.length)
    throw new PyramidError('MP_USAGE', {
      what: `${reused} of the ${rows.examples.length} rows of ${rows.name} are rows that ${dir} was trained or chosen on, and what they show would not hold for new texts`,
      todo: 'give rows that trained and chose nothing',
    });
  if (reused > 0) note(`${rows.name}: ${reused} rows were left out, since ${dir} was trained or chosen on such texts`);
  return { ...rows, examples };
}

/** What training.json keeps of the files of a later refit. */
export interface RefitFiles {
  /** Files, or patterns of their names. */
  readonly unlabelled: readonly string[];
  readonly train: string | null;
  readonly validation: string | null;
  readonly text: string | null;
  readonly pair: string | null;
  readonly delimiter: string | null;
}

interface Seen {
  readonly texts: Iterable<Text>;
  /** They are not what training had. */
  readonly changed: boolean;
}

async function seenTexts(dir: string, note: (text: string) => void): Promise<Seen> {
  const { rows, options, record } = await rowsOfTraining(dir);
  const unlabelled = await unlabelledOf(options, rows, () => {}).catch((error: unknown) => {
    if (!(error instanceof PyramidError)) throw error;
    note(`texts without labels that ${dir} was trained on were not compared with these rows: ${error.message}`);
    return [];
  });
  const refitted = await refitTexts(dir, record, rows.train.pairs, note);
  return { texts: textsOf(rows, [...unlabelled, ...refitted]), changed: !isAsRecorded(rows.train, record) };
}

/** Texts that floor 0 was made anew from later; labels do not matter. A note says where they could not be read. */
async function refitTexts(
  dir: string,
  { refit }: Readonly<Record<string, unknown>>,
  pairs: boolean,
  note: (text: string) => void,
): Promise<Text[]> {
  if (!isRecord(refit)) return [];
  const missed = (why: string) => {
    note(`texts that ${dir} was refitted with were not compared with these rows: ${why}`);
    return [];
  };
  // earlier versions did not keep their names
  if (!isRecord(refit.files)) return missed('training.json does not name their files');
  const { unlabelled, train, validation, text, pair, delimiter } = refit.files as unknown as RefitFiles;
  const files = [...unlabelled, train, validation].filter((file) => file !== null);
  const known = { train: null, judges: [] };
  return readUnlabelled({ files, text, pair, delimiter, pairs, known, onNote: () => {} }).catch((error: unknown) => {
    if (!(error instanceof PyramidError)) throw error;
    return missed(error.message);
  });
}

function* textsOf({ train, validation }: Rows, unlabelled: readonly Text[]): Generator<Text | Example> {
  yield* train.examples;
  yield* validation.examples;
  yield* unlabelled;
}

function isAsRecorded(train: Dataset, record: Readonly<Record<string, unknown>>): boolean {
  const data = record.data as { readonly train?: { readonly fingerprint?: unknown } } | undefined;
  return data?.train?.fingerprint === fingerprint(train);
}
