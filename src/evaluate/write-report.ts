/**
 * A report on disk: report.html, report.md, report.csv and report.json (docs/formats.md) in one folder, each written
 * whole or not at all, report.json last: where it stands, the others do.
 */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PyramidError } from '../errors.ts';
import { type Report, renderReport } from './report.ts';
import { toCsv, toJson, toMarkdown } from './table.ts';

/** Makes `dir` where it is missing; earlier reports in it are replaced. Throws MP_WRITE. */
export async function writeReport(dir: string, report: Report): Promise<void> {
  const { title, introduction = [], facts = {}, rows } = report;
  const paragraphs = [`# ${title}`, ...introduction, toMarkdown(rows).trimEnd()];
  const list = Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`);
  const markdown = `${[...paragraphs, ...(list.length > 0 ? [list.join('\n')] : [])].join('\n\n')}\n`;
  await writeWhole(dir, 'report.html', await renderReport(report));
  await writeWhole(dir, 'report.md', markdown);
  await writeWhole(dir, 'report.csv', toCsv(rows));
  await writeWhole(dir, 'report.json', toJson(rows));
}

async function writeWhole(dir: string, name: string, text: string): Promise<void> {
  const path = join(dir, name);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dir, { recursive: true });
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (cause) {
    // a folder that cannot be made leaves nothing to remove
    await rm(temporary, { force: true }).catch(() => {});
    throw new PyramidError('MP_WRITE', { path, reason: (cause as Error).message }, { cause });
  }
}
