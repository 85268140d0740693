/**
 * The report of a reproduction: the paper's four tables (results, data, settings, stages), what we put beside them, and
 * the figures. A pure function of the runs' results.
 */
import { failedRow, type MethodReport, type Report, type ReportRow } from '../../report/index.ts';
import type { Outcome } from '../campaign.ts';
import { resultRow, type StoredResult } from '../stored-result.ts';
import { dialTable } from './dial-table.ts';
import { dropAverageTable, dropTable } from './drop-tables.ts';
import { averageTable, spreadTable } from './reproduce-summaries.ts';
import { dataTable, paperTable, settingsTable, stagesTable, trainingRows } from './reproduce-tables.ts';

interface ReportSettings {
  readonly maxDrop: number;
  readonly by: 'actual' | 'paper';
  readonly facts: Readonly<Record<string, string>>;
}

export function reproductionReport(outcomes: readonly Outcome[], { maxDrop, by, facts }: ReportSettings): Report {
  const results = outcomes.flatMap((outcome) => ('result' in outcome ? [outcome.result] : []));
  const units = outcomes.map(({ unit }) => unit);
  const rows = resultRows(outcomes);
  // figures are of one seed: the first
  const first = results.filter((result) => result.seed === Math.min(...results.map(({ seed }) => seed)));
  const counts = results.map(
    ({ task, method }) => results.filter((other) => other.task === task && other.method === method).length,
  );
  const [fewest, seeds] = [Math.min(...counts), Math.max(...counts)];
  const trained = trainingRows(results);
  const failures = outcomes.flatMap((outcome) =>
    'failed' in outcome ? [`Failed: ${outcome.unit.label}: ${outcome.failed}`] : [],
  );
  return {
    title: 'Magic Pyramid on its tasks',
    introduction: [
      `The uncertainty threshold tau of each method is the one with the fewest operations (${by === 'actual' ? 'as computed' : 'as the paper counts'}) on the validation rows at a drop of at most ${Number((100 * maxDrop).toFixed(2))} points from plain BERT. All figures are of the test rows. A table below has certified settings beside it.`,
      ...(seeds > 1
        ? [
            `Means over ${fewest === seeds ? '' : `${fewest} to `}${seeds} seeds; a separate table has their standard deviations. The charts below are of the first seed.`,
          ]
        : []),
      ...failures,
    ],
    facts,
    rows,
    resultsTitle: 'Table 1: results',
    tables: [
      dataTable(results),
      settingsTable(units, trained),
      stagesTable(units, trained),
      ...(seeds > 1 ? [spreadTable(results)] : []),
      averageTable(rows),
      dialTable(results),
      dropTable(results),
      dropAverageTable(results),
      paperTable(results),
    ].filter((table) => table.rows.length > 0),
    methods: first.map(figuresOf),
    training: first.flatMap(({ training }) => training),
    attention: first.flatMap(({ attention, method }) => (method === 'mp' ? attention : [])),
  };
}

const figuresOf = ({ task, method, test, curve }: StoredResult): MethodReport => ({
  task,
  method,
  judgement: test,
  curve,
});

/** One row a task and method: its mean over the seeds that did not fail. */
export function resultRows(outcomes: readonly Outcome[]): ReportRow[] {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const key = `${outcome.unit.task} ${outcome.unit.row.name}`;
    groups.set(key, [...(groups.get(key) ?? []), outcome]);
  }
  return [...groups.values()].map((group) => {
    const rows = group.flatMap((outcome) => ('result' in outcome ? [resultRow(outcome.result)] : []));
    const [{ unit }] = group;
    const failed = group.find((outcome) => 'failed' in outcome);
    if (rows.length === 0) return failedRow(unit.task, unit.row.name, (failed as { failed: string }).failed);
    return rows.length === 1 ? rows[0] : meanRow(rows);
  });
}

function meanRow(rows: readonly ReportRow[]): ReportRow {
  const entries = Object.entries(rows[0]).map(([key, value]) => {
    const values = rows.map((row) => row[key as keyof ReportRow]);
    if (!values.every((other) => typeof other === 'number'))
      return [key, values.every((v) => v === value) ? value : null];
    return [key, (values as number[]).reduce((sum, other) => sum + other, 0) / values.length];
  });
  return Object.fromEntries(entries) as ReportRow;
}
