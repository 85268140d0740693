/** What a model says of each label, and which it takes for which, as tables. Knows nothing of how they were counted. */
import type { ByLabel, Confusion, LabelFigures, Rates } from '../evaluate/by-label.ts';
import { left, type ReportTable, reportTable, right } from './report-table.ts';

/** Labels up to which a matrix is easier to read than a list of pairs. */
const MATRIX_LABELS = 10;
/** Rows of a table that is to be read. */
const SHOWN = 50;

/** Records, as a report writes them. */
type Line = { readonly [K in keyof LabelFigures]: LabelFigures[K] };
type Pair = { readonly [K in keyof Confusion]: Confusion[K] };

const rate = (value: number): string => value.toFixed(3);
const whole = (value: number): string => value.toLocaleString('en-US');
/** A label may be any text. */
const named = (label: string): string => {
  const line = label.replace(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
};

/** By label, and which is taken for which. */
export function labelTables(figures: ByLabel): ReportTable[] {
  const confused = confusionTable(figures);
  return [labelTable(figures), ...(confused === null ? [] : [confused])];
}

/** Precision, recall, F1 and support of each label, then the means. Of very many labels those with the lowest F1. */
export function labelTable({ labels, micro, macro, weighted }: ByLabel): ReportTable {
  const few = labels.length <= SHOWN;
  const shown = few ? labels : [...labels].sort((a, b) => a.f1 - b.f1 || b.support - a.support).slice(0, SHOWN);
  const all = (key: 'support' | 'answered') => labels.reduce((sum, figures) => sum + figures[key], 0);
  const mean = (label: string, { precision, recall, f1 }: Rates) => ({
    ...{ label, precision, recall, f1, support: all('support'), answered: all('answered') },
  });
  const means = [
    ...(micro ? [mean('(micro: all decisions)', micro)] : []),
    mean('(macro mean)', macro),
    mean('(mean weighted by rows)', weighted),
  ];
  const columns = [
    left<Line>('label', ({ label }) => named(label)),
    right<Line>('precision', ({ precision }) => rate(precision)),
    right<Line>('recall', ({ recall }) => rate(recall)),
    right<Line>('F1', ({ f1 }) => rate(f1)),
    right<Line>('rows', ({ support }) => whole(support)),
    right<Line>('answered', ({ answered }) => whole(answered)),
  ];
  const about = {
    name: 'labels',
    title: 'By label',
    caption: `Precision: of the rows answered with the label, the share that have it. Recall: of the rows that have it, the share answered with it.${few ? '' : ` The ${SHOWN} of ${whole(labels.length)} labels with the lowest F1.`}`,
  };
  const records = [...shown, ...means].map(({ label, precision, recall, f1, support, answered }) => ({
    ...{ label, precision, recall, f1, support, answered },
  }));
  return reportTable<Line>(about, columns, records);
}

/** null: no label stands in the place of another, or none did. A matrix of few labels; of many the pairs, most rows first. */
export function confusionTable({ labels, confusions }: ByLabel): ReportTable | null {
  if (!confusions || confusions.length === 0) return null;
  const about = { name: 'confusions', title: 'Which label is taken for which' };
  if (labels.length > MATRIX_LABELS)
    return reportTable<Pair>(
      { ...about, caption: caption(confusions.length) },
      [
        left<Pair>('label', ({ label }) => named(label)),
        left<Pair>('answered', ({ answered }) => named(answered)),
        right<Pair>('rows', ({ rows }) => whole(rows)),
      ],
      confusions.slice(0, SHOWN).map(({ label, answered, rows }) => ({ label, answered, rows })),
    );
  const rows = new Map(confusions.map(({ label, answered, rows }) => [JSON.stringify([label, answered]), rows]));
  const wrong = (label: string) =>
    confusions.reduce((sum, confusion) => sum + (confusion.label === label ? confusion.rows : 0), 0);
  const cell = (label: string, answered: string, support: number): number =>
    label === answered ? support - wrong(label) : (rows.get(JSON.stringify([label, answered])) ?? 0);
  const matrix = labels.map(({ label, support }) => labels.map((other) => cell(label, other.label, support)));
  return {
    ...about,
    caption: 'A line for each label that rows have, a column for each that they were answered with: counts of rows.',
    heads: ['label', ...labels.map(({ label }) => named(label))],
    align: ['left', ...labels.map(() => 'right' as const)],
    rows: labels.map(({ label }, i) => [named(label), ...matrix[i].map(whole)]),
    records: labels.flatMap(({ label }, i) =>
      labels.map((other, j) => ({ label, answered: other.label, rows: matrix[i][j] })),
    ),
  };
}

const caption = (pairs: number): string =>
  `Pairs of a label and the one answered instead, most rows first${pairs > SHOWN ? `: ${SHOWN} of ${whole(pairs)}` : ''}.`;
