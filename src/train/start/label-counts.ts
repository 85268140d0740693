/** Which labels the rows of a run have, and how many rows each: for people, and for training.json. */
import { PyramidError } from '../../errors.ts';
import { type Dataset, problemTypeOfRows } from '../../text/example.ts';
import { meanAndSpread } from './values.ts';

export interface LabelCount {
  readonly label: string;
  readonly rows: number;
}

/** Labels that a sentence names; the others are counted. */
const SHOWN_LABELS = 12;

/** In the order of the labels. A list: a label may be any text, also one that is no key of an object. */
export function labelCounts({ labels, examples }: Dataset): LabelCount[] {
  const rows = labels.map(() => 0);
  for (const { label, target } of examples) {
    if (!target) rows[label]++;
    else for (const [i, has] of target.entries()) rows[i] += has;
  }
  return labels.map((label, i) => ({ label, rows: rows[i] }));
}

/** What there is to say of the labels before training begins: their counts, and those that training never sees. */
export function labelNotes({ train, validation }: Readonly<Record<'train' | 'validation', Dataset>>): string[] {
  if (problemTypeOfRows(train) === 'regression') return [valueNote(train)];
  const [trained, judged] = [labelCounts(train), labelCounts(validation)];
  const list = trained.map(({ label, rows }, i) => `${label} ${rows} (${judged[i].rows})`);
  const notes = [`labels, with training (and validation) rows: ${namesOf(list)}`];
  const own = ownLabels(train);
  if (2 * own >= train.examples.length)
    notes.push(
      `${own} of ${train.examples.length} training rows have a label that no other row has: is the right column the label?`,
    );
  const unseen = trained.filter(({ rows }) => rows === 0).map(({ label }) => label);
  if (unseen.length > 0) notes.push(`no training row has the label ${namesOf(unseen)}: it will not be learned`);
  const unjudged = trained.filter(({ rows }, i) => rows > 0 && judged[i].rows === 0).map(({ label }) => label);
  if (unjudged.length > 0) notes.push(`no validation row has the label ${namesOf(unjudged)}: it will not be evaluated`);
  return notes;
}

/** Rows from which labels of their own are no accident. */
const OWN_LABELS = 10;

/** Throws MP_USAGE where each training row has a label of its own, unless `yes`. */
export function checkOwnLabels(train: Dataset, yes: boolean): void {
  const rows = train.examples.length;
  if (yes || rows < OWN_LABELS || ownLabels(train) < rows) return;
  throw new PyramidError('MP_USAGE', {
    what: `${train.name}: each of the ${rows} training rows has a label of its own, from which nothing can be learned`,
    todo: 'name the right column with --label, or give --yes',
  });
}

/** Rows whose label no other has. */
const ownLabels = (rows: Dataset): number =>
  problemTypeOfRows(rows) === 'single_label_classification'
    ? labelCounts(rows).filter((count) => count.rows === 1).length
    : 0;

/** A spread that a network learns slowly: it begins at the mean, and steps are small. */
const WIDE = 10;

function valueNote({ examples }: Dataset): string {
  const { mean, spread } = meanAndSpread(examples);
  const note = `the training rows' numbers have the mean ${mean.toPrecision(3)} and the standard deviation ${spread.toPrecision(3)}`;
  if (spread <= WIDE) return note;
  return `${note}: a network learns numbers that spread by about 1 faster, so divide them first if they are learned too slowly`;
}

/** Names for a sentence, each on one line and none too long. */
export function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_LABELS).map((name) => {
    const line = name.replace(/\s+/g, ' ');
    return line.length > 60 ? `${line.slice(0, 60)}…` : line;
  });
  return `${shown.join(', ')}${names.length > SHOWN_LABELS ? ` and ${names.length - SHOWN_LABELS} more` : ''}`;
}
