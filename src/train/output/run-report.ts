/**
 * What a run leaves for people beside the model: report.html (its figures, curves, labels, and the rows it is surest and wrong
 * about) and report.json, and the trace of its validation rows, which the page's Trade-off is made from. Made of what the run
 * knows already; nothing is run for it.
 */
import { join } from 'node:path';
import { byLabel } from '../../evaluate/by-label.ts';
import { judge } from '../../evaluate/judge.ts';
import { surestWrong, type WrongAnswer } from '../../evaluate/surest-wrong.ts';
import { type Trace, writeTrace } from '../../evaluate/trace.ts';
import { tradeoff } from '../../evaluate/tradeoff.ts';
import { randomStream } from '../../random.ts';
import { left, type Report, type ReportTable, renderReport, reportTable, right } from '../../report/index.ts';
import { labelTables } from '../../report/label-tables.ts';
import { reportRow } from '../../report/table.ts';
import type { Dataset } from '../../text/example.ts';
import { writeAllWhole } from '../../write-whole.ts';
import type { TrainEvent } from '../events.ts';
import { methods } from '../methods.ts';
import type { TrainOptions } from '../options/defaults.ts';
import { trainingCurves } from './training-curves.ts';
import { versions } from './versions.ts';

/** Rows of a trace that lies beside a model: enough for a curve, and a page loads it in a moment. */
const TRACE_ROWS = 5000;
/** Logits of it: some 40 MB as text. */
const TRACE_LOGITS = 2_000_000;
const WRONG_ROWS = 25;
/** Characters of a text in a table. */
const TEXT = 240;

export interface RunReport {
  readonly options: TrainOptions;
  /** The rows that were judged, and their trace. */
  readonly rows: Dataset;
  readonly judgedOn: 'test' | 'validation';
  readonly judged: Trace;
  readonly tau: number | null;
  readonly history: readonly Extract<TrainEvent, { kind: 'epoch' }>[];
  readonly seconds: number;
  readonly msPerText: number | null;
  /** What `train` says at its end. */
  readonly sentences: readonly string[];
}

/** trace.jsonl in `dir`, of at most so many rows, drawn by the seed. Throws MP_WRITE. */
export function writeValidationTrace(dir: string, trace: Trace, seed: number): Promise<void> {
  const { entries } = trace;
  const { layers, labels } = trace.shape;
  const most = Math.min(TRACE_ROWS, Math.max(1, Math.floor(TRACE_LOGITS / (Math.max(1, layers) * labels))));
  if (entries.length <= most) return writeTrace(join(dir, 'trace.jsonl'), trace);
  const order = randomStream(seed, 'trace').shuffle(entries.map((_, i) => i));
  const drawn = order.slice(0, most).sort((a, b) => a - b);
  return writeTrace(join(dir, 'trace.jsonl'), { ...trace, entries: drawn.map((i) => entries[i]) });
}

/** report.html and report.json in `dir`. Throws MP_WRITE. */
export async function writeRunReport(dir: string, run: RunReport): Promise<void> {
  const { judged, tau } = run;
  const figures = byLabel(judged, tau);
  const labels = figures === null ? [] : labelTables(figures);
  const report = reportOf(run, labels);
  const tables = Object.fromEntries(labels.map(({ name, records }) => [name, records]));
  await writeAllWhole([
    { path: join(dir, 'report.html'), text: renderReport(report) },
    { path: join(dir, 'report.json'), text: `${JSON.stringify({ rows: report.rows, tables }, null, 2)}\n` },
  ]);
}

function reportOf(run: RunReport, labels: readonly ReportTable[]): Report {
  const { options, rows, judgedOn, judged, tau, history, seconds, msPerText, sentences } = run;
  const { method } = options;
  const [task] = [rows.name];
  const judgement = judge(judged, tau);
  const curve = methods[method].exits ? tradeoff(judged) : tradeoff(judged).slice(0, 1);
  const row = reportRow(judgement, { task, method, msPerText, seconds });
  const wrong = surestWrong(judged, tau, WRONG_ROWS);
  const isNumber = judged.answers?.problemType === 'regression';
  return {
    title: `A model of the method ${method}, on ${rows.examples.length.toLocaleString('en-US')} ${judgedOn} rows`,
    introduction: sentences,
    facts: { 'trained from': options.model, seed: String(options.seed), ...versions() },
    rows: [Number.isNaN(row.accuracy) ? { ...row, accuracy: null } : row],
    tables: [...labels, ...(wrong.length > 0 ? [wrongTable(wrong, rows, isNumber)] : [])],
    methods: [{ task, method, judgement, curve }],
    training: trainingCurves(history, { task, method }),
  };
}

function wrongTable(wrong: readonly WrongAnswer[], { examples }: Dataset, isNumber: boolean): ReportTable {
  const line = (text: string) => (text.length > TEXT ? `${text.slice(0, TEXT)}…` : text).replace(/\s+/g, ' ');
  const records = wrong.map(({ row, truth, answered, certainty }) => {
    const { text, pair } = examples[row];
    return {
      ...{ row: row + 1, truth, answered, certainty },
      text: [text, ...(pair === undefined ? [] : [pair])].map(line).join(' / '),
    };
  });
  type Line = (typeof records)[number];
  return reportTable<Line>(
    {
      name: 'wrong',
      title: isNumber ? 'Furthest from the row' : 'Surest, and wrong',
      caption: isNumber
        ? 'The rows whose number is furthest from the answer, the furthest first.'
        : 'The rows that were answered wrongly with the highest score. Look here first for wrong labels, and for what training rows are missing.',
    },
    [
      right<Line>('row', ({ row }) => String(row)),
      left<Line>(isNumber ? 'number' : 'label', ({ truth }) => truth),
      left<Line>('answered', ({ answered }) => answered),
      right<Line>(isNumber ? 'distance' : 'score', ({ certainty }) => certainty.toPrecision(3)),
      left<Line>('text', ({ text }) => text),
    ],
    records,
  );
}
