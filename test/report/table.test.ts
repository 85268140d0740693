import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { judge } from '../../src/evaluate/judge.ts';
import { short, times } from '../../src/report/format.ts';
import { reportTable, tableCsv } from '../../src/report/report-table.ts';
import { failedRow, reportRow, toCsv, toJson, toMarkdown, toText } from '../../src/report/table.ts';
import { randomTrace } from '../support/random-trace.ts';
import { multiLabelTrace, regressionTrace } from '../support/target-traces.ts';

const bert = reportRow(judge(randomTrace({ seed: 1, headKind: 'none', pruned: false }), null), {
  task: 'ag_news',
  method: 'bert',
});
const mp = reportRow(judge(randomTrace({ seed: 1 }), 0.25), {
  task: 'ag_news',
  method: 'mp',
  msPerText: 0.61234,
  seconds: 200,
});
const broken = failedRow('ag_news', 'ltp', 'the loss is NaN at step 7 | of "soft",\nlower it');

describe('the results table of models that do not answer with one label', () => {
  const sets = reportRow(judge(multiLabelTrace(), 0.9), { task: 'topics', method: 'mp' });
  const number = reportRow(judge(regressionTrace(), null), { task: 'similarity', method: 'bert' });
  const cells = (rows: Parameters<typeof toText>[0]) => {
    const [heads, , ...lines] = toText(rows).split('\n');
    return [heads, ...lines].map((line) => line.split(/ {2,}/));
  };

  it('has their own figures under their own names', () => {
    const judged = judge(multiLabelTrace(), 0.9);
    const [heads, row] = cells([sets]);
    expect(heads.slice(2, 5)).toEqual(['Micro F1', 'Macro F1', 'Exactly right']);
    expect(row.slice(2, 5)).toEqual([
      judged.microF1!.toFixed(3),
      judged.macroF1.toFixed(3),
      `${(100 * judged.accuracy).toFixed(1)} %`,
    ]);
    const { r2, pearson, spearman } = judge(regressionTrace(), null);
    const [others, values] = cells([number]);
    expect(others.slice(2, 5)).toEqual(['R²', 'Pearson', 'Spearman']);
    expect(values.slice(2, 5)).toEqual([r2, pearson, spearman].map((value) => value!.toFixed(3)));
    expect([heads, others].flat()).not.toContain('Accuracy');
  });

  it('has each kind of figure once where tasks of several kinds stand in it, and is read again as it was written', () => {
    const rows = [bert, sets, number];
    const [heads] = cells(rows);
    expect(heads.slice(2, 9)).toEqual([
      'Accuracy',
      'Micro F1',
      'Macro F1',
      'Exactly right',
      'R²',
      'Pearson',
      'Spearman',
    ]);
    expect(JSON.parse(toJson(rows)).rows).toEqual(rows);
    const [first, second, third] = parse(toCsv(rows), { columns: true }) as Record<string, string>[];
    expect(Number(second.microF1)).toBe(sets.microF1);
    expect(Number(third.r2)).toBe(number.r2);
    expect([third.accuracy, first.microF1]).toEqual(['', '']);
    expect(toCsv([bert])).not.toContain('microF1');
  });
});

describe('the results table', () => {
  it('is kept in report.json with all its figures, unrounded', () => {
    const { rows } = JSON.parse(toJson([bert, mp, broken]));
    expect(rows).toEqual([bert, mp, broken]);
    expect(Object.keys(rows[0])).toEqual(
      'task method accuracy f1 tau gflops gflopsActual speedupPaper speedupActual meanExit msPerText seconds'.split(
        ' ',
      ),
    );
  });

  it('holds both counts of the judgement, each under its own name', () => {
    const judgement = judge(randomTrace({ seed: 1 }), 0.25);
    expect(mp).toMatchObject({
      gflops: judgement.gflops.paper,
      gflopsActual: judgement.gflops.actual,
      speedupPaper: judgement.speedup.paper,
      speedupActual: judgement.speedup.actual,
      tau: 0.25,
    });
    expect(mp.speedupActual).not.toBe(mp.speedupPaper);
  });

  it('is aligned in a terminal, with only the columns that hold something', () => {
    const lines = toText([bert, mp]).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(
      /^Task {5}Method {2}ms a text {2}Speed-up \(clock\) {2}Accuracy {3}tau {2}GFLOPs \(paper\).* Training$/,
    );
    expect(lines[0]).not.toMatch(/F1|Failed/);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    expect(lines[2]).toMatch(/^ag_news {2}bert .* off .* 1\.00× .* –$/);
    expect(lines[3]).toMatch(/ 0\.612 .* 0\.25 .* 3 min$/);
    const headless = toText([bert]);
    expect(headless).not.toMatch(/ms a text|Training/);
    expect(toText([{ ...mp, f1: 0.815 }])).toMatch(/F1[\s\S]*81\.5 %/);
  });

  it("has the clock first: plain BERT's time on the same task over each row's, where both were measured", () => {
    const other = { ...bert, task: 'rte', msPerText: 100 };
    const rows = [{ ...bert, msPerText: 3.06 }, mp, other, { ...mp, task: 'qqp' }];
    const [, , ...lines] = toText(rows).split('\n');
    expect(lines.map((line) => line.split(/ {2,}/).slice(2, 4))).toEqual([
      ['3.06', '1.00×'],
      ['0.612', '5.00×'],
      ['100', '1.00×'],
      ['0.612', '–'],
    ]);
  });

  it('is a Markdown table whose cells cannot break it', () => {
    const lines = toMarkdown([mp, broken]).trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    const bars = lines.map((line) => line.replace(/\\\|/g, '').split('|').length);
    expect(new Set(bars).size).toBe(1);
    expect(lines[1]).toMatch(/^\| :-+ \| :-+ \| -+: \|/);
    expect(lines[3]).toContain('at step 7 \\| of "soft", lower it');
    expect(toMarkdown([failedRow('<b>', 'x&y', 'z')])).toContain('&#60;b&#62;');
  });

  it('is CSV with the names of report.json, quotes and line breaks kept', () => {
    const rows = parse(toCsv([bert, mp, broken]), { columns: true }) as Record<string, string>[];
    expect(rows).toHaveLength(3);
    expect(Number(rows[1].speedupActual)).toBe(mp.speedupActual);
    expect(rows[0].tau).toBe('');
    expect(rows[2]).toMatchObject({ failed: broken.failed, accuracy: '', method: 'ltp' });
  });

  it('marks a run that failed, with its reason, among those that did not', () => {
    const lines = toText([mp, broken]).split('\n');
    expect(lines[0]).toMatch(/Failed$/);
    expect(lines[3]).toMatch(/ltp +– +– .* the loss is NaN at step 7 \| of "soft", lower it$/);
  });

  it('rounds to what can be read', () => {
    expect([9.04, 0.01234, 123.4, 0, 1, 4.2e-5].map(short)).toEqual([
      '9.04',
      '0.0123',
      '123',
      '0',
      '1.00',
      '0.0000420',
    ]);
    expect([1, 3.4449, 16.96].map(times)).toEqual(['1.00×', '3.44×', '17.0×']);
  });
});

describe('every csv that is written', () => {
  it('holds no text that a spreadsheet would run as a formula, and its numbers stay numbers', () => {
    const texts = ['=1+1', '+1', '-1+x', '@A1', '\t=1', '＝1'];
    const records = texts.map((text) => ({ text, drop: -0.5 }));
    const report = tableCsv(reportTable({ name: 'x', title: 'x', caption: 'x' }, [], records));
    const rows = parse(report, { columns: true }) as Record<string, string>[];
    expect(rows).toEqual(texts.map((text) => ({ text: `'${text}`, drop: '-0.5' })));
    const [row] = parse(toCsv([{ ...bert, task: '=1', f1: -0.25 }]), { columns: true }) as Record<string, string>[];
    expect([row.task, row.f1]).toEqual(["'=1", '-0.25']);
  });
});
