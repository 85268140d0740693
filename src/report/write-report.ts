/**
 * A report on disk: report.html, report.md, report.csv, a CSV for each further table, and report.json (docs/formats.md)
 * in one folder, each written whole or not at all. report.json comes last: if it exists, the others do.
 */
import { join } from 'node:path';
import { writeWhole } from '../write-whole.ts';
import { type Report, renderReport } from './report.ts';
import { tableCsv, tableMarkdown } from './report-table.ts';
import { toCsv, toMarkdown } from './table.ts';

/** Makes `dir` where it is missing; earlier reports in it are replaced. Throws MP_WRITE. */
export async function writeReport(dir: string, report: Report): Promise<void> {
  const { title, introduction = [], facts = {}, rows, resultsTitle, tables = [] } = report;
  const results = `${resultsTitle ? `## ${resultsTitle}\n\n` : ''}${toMarkdown(rows).trimEnd()}`;
  const paragraphs = [`# ${title}`, ...introduction, results, ...tables.map(tableMarkdown)];
  const list = Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`);
  const markdown = `${[...paragraphs, ...(list.length > 0 ? [list.join('\n')] : [])].join('\n\n')}\n`;
  await writeWhole(join(dir, 'report.html'), renderReport(report));
  await writeWhole(join(dir, 'report.md'), markdown);
  await writeWhole(join(dir, 'report.csv'), toCsv(rows));
  for (const table of tables) await writeWhole(join(dir, `${table.name}.csv`), tableCsv(table));
  const json =
    tables.length > 0
      ? { rows, tables: Object.fromEntries(tables.map(({ name, records }) => [name, records])) }
      : { rows };
  await writeWhole(join(dir, 'report.json'), `${JSON.stringify(json, null, 2)}\n`);
}
