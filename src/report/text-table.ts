/**
 * The results table as a reader sees it: its columns, and each cell as a text. Knows nothing of files, so that a page
 * can show the same table.
 */
import { percent, short, times } from './format.ts';
import type { ReportRow } from './table.ts';

/** One column as a reader sees it. */
interface Column {
  readonly head: string;
  readonly cell: (row: ReportRow, rows: readonly ReportRow[]) => string;
  readonly align: 'left' | 'right';
  /** The column is left out where no row has the value. */
  readonly needs?: keyof ReportRow;
  /** The column is left out where no row is one of those that it is for. */
  readonly isFor?: (row: ReportRow) => boolean;
}

const NOTHING = '–';
/** `linear` is floor 0 alone: it has no dial, no layers, and no dense model to compare with. */
const hasNetwork = ({ method }: ReportRow): boolean => method !== 'linear';
const figure = (
  head: string,
  key: keyof ReportRow,
  format: (value: number) => string,
  { optional = false, isFor }: { readonly optional?: boolean; readonly isFor?: Column['isFor'] } = {},
): Column => ({
  head,
  align: 'right',
  needs: optional ? key : undefined,
  isFor,
  cell: (row) => (typeof row[key] === 'number' ? format(row[key]) : NOTHING),
});

const duration = (seconds: number): string =>
  seconds < 99.5
    ? `${Math.round(seconds)} s`
    : seconds < 99.5 * 60
      ? `${Math.round(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`;

/** Time of plain BERT on the same task over the row's own. */
function onClock({ task, msPerText }: ReportRow, rows: readonly ReportRow[]): string {
  const bert = rows.find((row) => row.task === task && row.method === 'bert')?.msPerText;
  return bert == null || msPerText === null ? NOTHING : times(bert / msPerText);
}

const fraction = (value: number): string => value.toFixed(3);

const columns: readonly Column[] = [
  { head: 'Task', align: 'left', cell: ({ task }) => task },
  { head: 'Method', align: 'left', cell: ({ method }) => method },
  // time first: operations are not time
  figure('ms a text', 'msPerText', short, { optional: true }),
  { head: 'Speed-up (clock)', align: 'right', needs: 'msPerText', cell: onClock, isFor: hasNetwork },
  {
    head: 'Accuracy',
    align: 'right',
    cell: ({ accuracy, microF1 }) => (accuracy === null || microF1 !== undefined ? NOTHING : percent(accuracy)),
    isFor: ({ microF1, r2 }) => microF1 === undefined && r2 === undefined,
  },
  figure('F1', 'f1', percent, { optional: true }),
  figure('Micro F1', 'microF1', fraction, { optional: true }),
  figure('Macro F1', 'macroF1', fraction, { optional: true }),
  {
    head: 'Exactly right',
    align: 'right',
    needs: 'microF1',
    cell: ({ accuracy, microF1 }) => (accuracy === null || microF1 === undefined ? NOTHING : percent(accuracy)),
  },
  figure('R²', 'r2', fraction, { optional: true }),
  figure('Pearson', 'pearson', fraction, { optional: true }),
  figure('Spearman', 'spearman', fraction, { optional: true }),
  {
    head: 'tau',
    align: 'right',
    cell: ({ tau, failed }) => (failed ? NOTHING : tau === null ? 'off' : String(tau)),
    isFor: hasNetwork,
  },
  figure('GFLOPs (paper)', 'gflops', short, { isFor: hasNetwork }),
  figure('GFLOPs (actual)', 'gflopsActual', short, { isFor: hasNetwork }),
  figure('Speed-up (paper)', 'speedupPaper', times, { isFor: hasNetwork }),
  figure('Speed-up (actual)', 'speedupActual', times, { isFor: hasNetwork }),
  figure('Mean exit', 'meanExit', (layer) => layer.toFixed(2), { isFor: hasNetwork }),
  figure('Training', 'seconds', duration, { optional: true }),
  { head: 'Failed', align: 'left', needs: 'failed', cell: ({ failed }) => failed ?? '' },
];

export interface TextTable {
  readonly heads: readonly string[];
  readonly align: readonly ('left' | 'right')[];
  readonly rows: readonly (readonly string[])[];
}

/** The table as texts: columns that hold nothing are left out, and `without` one. */
export function textTable(rows: readonly ReportRow[], without?: keyof ReportRow): TextTable {
  const shown = columns
    .filter(({ needs }) => needs === undefined || needs !== without)
    .filter(({ needs }) => !needs || rows.some((row) => row[needs] != null))
    .filter(({ isFor }) => !isFor || rows.length === 0 || rows.some(isFor));
  return {
    heads: shown.map(({ head }) => head),
    align: shown.map(({ align }) => align),
    rows: rows.map((row) => shown.map(({ cell }) => cell(row, rows).replace(/\s+/g, ' '))),
  };
}

export function alignedText({ heads, align, rows }: TextTable): string {
  const lines = [heads, ...rows];
  const width = heads.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const pad = (cell: string, i: number) => (align[i] === 'right' ? cell.padStart(width[i]) : cell.padEnd(width[i]));
  const rule = width.map((n) => '─'.repeat(n)).join('  ');
  const [head, ...body] = lines.map((line) => line.map(pad).join('  ').trimEnd());
  return [head, rule, ...body].join('\n');
}
