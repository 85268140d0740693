/**
 * The report: one HTML file with the table, the figures and the settings of the run. It opens without a network and runs
 * no script. A pure function of its data, so a report can be made again from the files of a run.
 */
import { type AttentionExample, attentionFigures } from './attention-figures.ts';
import { conclusions } from './conclusion.ts';
import { type Figure, hasLayers, type MethodReport, type TrainingCurve } from './figure.ts';
import { drawingMarkup, html, Markup } from './html.ts';
import { layerFigures } from './layer-figures.ts';
import { lengthFigures } from './length-figures.ts';
import { methodWords } from './method-words.ts';
import { legendMark, type Palette, palette } from './palette.ts';
import { qualityTitle } from './quality-text.ts';
import { reportStyle } from './report-style.ts';
import type { ReportTable } from './report-table.ts';
import type { ReportRow } from './table.ts';
import { textTable } from './text-table.ts';
import { tradeoffFigures } from './tradeoff-figures.ts';
import { trainingFigures } from './training-figures.ts';

export interface Report {
  readonly title: string;
  /** Paragraphs below the title. */
  readonly introduction?: readonly string[];
  /** What the run was: command, versions, machine, seed; shown in this order. */
  readonly facts?: Readonly<Record<string, string>>;
  readonly rows: readonly ReportRow[];
  /** The heading of the table of `rows`. */
  readonly resultsTitle?: string;
  /** After it, in this order. */
  readonly tables?: readonly ReportTable[];
  /** Of the rows that did not fail; figures are drawn task by task. */
  readonly methods: readonly MethodReport[];
  readonly training?: readonly TrainingCurve[];
  readonly attention?: readonly AttentionExample[];
}

/** The whole file. */
export function renderReport(report: Report): string {
  const { title, introduction = [], facts = {}, rows, resultsTitle, tables = [] } = report;
  const { methods, training = [], attention = [] } = report;
  const places = palette([...rows, ...methods, ...training, ...attention].map(({ method }) => method));
  const tasks = [...new Set([...methods, ...training, ...attention].map(({ task }) => task))];
  const sections = tasks.map((task) => taskSection(report, task, places));
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Markup(reportStyle)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${conclusions(rows).map((sentence) => html`<p class="conclusion">${sentence}</p>\n`)}${introduction.map((paragraph) => html`<p>${withCode(paragraph)}</p>\n`)}
${resultsTitle !== undefined && html`<h2>${resultsTitle}</h2>\n`}${resultsTable(rows)}
${methodsList(rows)}
${tables.map(furtherTable)}
${Object.keys(facts).length > 0 && html`<dl>${Object.entries(facts).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`}
${sections}
</main>
</body>
</html>
`;
  return page.text;
}

/** What stands between backticks is a command. */
const withCode = (paragraph: string): Markup =>
  html`${paragraph.split(/`([^`]+)`/).map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part))}`;

function resultsTable(rows: readonly ReportRow[]): Markup {
  const { heads, align, rows: cells } = textTable(rows, 'failed');
  const cell = (text: string, i: number) =>
    heads[i] === 'Method' ? html`<th scope="row">${text}</th>` : html`<td class="${align[i]}">${text}</td>`;
  const body = rows.map(({ failed }, r) => {
    if (failed === undefined) return html`<tr>${cells[r].map(cell)}</tr>\n`;
    const names = cells[r].slice(0, 2).map(cell);
    return html`<tr>${names}<td class="failed" colspan="${heads.length - 2}">failed: ${failed}</td></tr>\n`;
  });
  return html`<div class="scroll"><table>
<thead><tr>${heads.map((head, i) => html`<th scope="col" class="${align[i]}">${head}</th>`)}</tr></thead>
<tbody>
${body}</tbody>
</table></div>
${heads.includes('Speed-up (paper)') && html`<p class="soft">Speed-up: operations of the dense model over those used. “Paper” counts the layers up to the exit; “actual” is what the engine computes, with heads, peeks, floor 0 and the classifier. A dash: no layer of a network ran.</p>`}`;
}

function methodsList(rows: readonly ReportRow[]): Markup | false {
  const known = [...new Set(rows.map(({ method }) => method))].flatMap((method) => {
    const words = methodWords(method);
    return words === null ? [] : [html`<dt>${method}</dt><dd>${words}</dd>`];
  });
  return known.length > 0 && html`<h3>The methods</h3>\n<dl class="methods">${known}</dl>`;
}

/** Characters of a cell that is a text and no name: it is broken into lines. */
const LONG = 40;

function furtherTable({ title, caption, heads, align, rows }: ReportTable): Markup {
  return html`<h2>${title}</h2>
<div class="scroll"><table>
<thead><tr>${heads.map((head, i) => html`<th scope="col" class="${align[i]}">${head}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td class="${align[i]}${cell.length > LONG && ' long'}">${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>
<p class="soft">${caption}</p>
`;
}

function taskSection(report: Report, task: string, places: Palette): Markup {
  const ofTask = <T extends { readonly task: string }>(items: readonly T[] = []) =>
    items.filter((item) => item.task === task);
  const methods = ofTask(report.methods);
  const training = ofTask(report.training);
  const networks = methods.filter(hasLayers);
  const groups: readonly (readonly [string, readonly Figure[]])[] = [
    [
      `${qualityTitle(methods[0]?.judgement ?? {})} and speed`,
      networks.length > 0 ? tradeoffFigures(methods, places) : [],
    ],
    ['By length of text', lengthFigures(networks, places)],
    ['By layer', layerFigures(networks, places)],
    ['What is kept', attentionFigures(ofTask(report.attention))],
    ['Training', trainingFigures(training, places)],
  ];
  if (groups.every(([, figures]) => figures.length === 0)) return new Markup('');
  const shown = new Set([...methods, ...training].map(({ method }) => method));
  const legend = [...places.keys()].filter((method) => shown.has(method));
  return html`<section>
<h2>${task}</h2>
<ul class="legend" aria-label="Colours of the methods">${legend.map(
    (method) => html`<li>${drawingMarkup(legendMark(places, method))}${method}</li>`,
  )}</ul>
${groups
  .filter(([, figures]) => figures.length > 0)
  .map(([name, figures]) => html`<h3>${name}</h3>\n<div class="figures">${figures.map(figureMarkup)}</div>\n`)}
</section>
`;
}

function figureMarkup({ title, caption, drawing, heads, rows, wide = false }: Figure): Markup {
  return html`
<figure${wide && new Markup(' class="wide"')}>
<h4>${title}</h4>
${drawingMarkup(drawing)}
<figcaption>${caption}</figcaption>
<details><summary>Numbers</summary><div class="scroll"><table>
<caption>${title}</caption>
<thead><tr>${heads.map((head, i) => html`<th scope="col" class="${i === 0 ? 'left' : 'right'}">${head}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td class="${i === 0 ? 'left' : 'right'}">${cell}</td>`)}</tr>`)}</tbody>
</table></div></details>
</figure>`;
}
