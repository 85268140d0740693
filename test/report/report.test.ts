import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judge, tradeoff } from '../../src/evaluate/index.ts';
import {
  type AttentionExample,
  failedRow,
  type MethodReport,
  type Report,
  renderReport,
  reportRow,
  type TrainingCurve,
  writeReport,
} from '../../src/report/index.ts';
import { randomTrace, smallShape } from '../support/random-trace.ts';

const kinds = {
  bert: 'none',
  distilbert: 'none',
  ltp: 'none',
  fastbert: 'fastbert',
  mp: 'cls',
  'mp+': 'pooled',
} as const;

function sample(task: string, seed: number, names = Object.keys(kinds) as (keyof typeof kinds)[]): MethodReport[] {
  return names.map((method, i) => {
    const shape = method === 'distilbert' ? { ...smallShape, layers: 3 } : smallShape;
    const pruned = method === 'ltp' || method.startsWith('mp');
    const trace = randomTrace({ seed: seed + i, texts: 150, shape, headKind: kinds[method], pruned });
    const options = { dense: smallShape };
    const judgement = judge(trace, kinds[method] === 'none' ? null : 0.3, options);
    return { task, method, judgement, curve: tradeoff(trace, options) };
  });
}

const methods = [...sample('spam', 1), ...sample('ag_news', 40, ['bert', 'mp'])];
const training: TrainingCurve[] = ['regular', 'soft'].map((stage, s) => ({
  task: 'spam',
  method: 'mp',
  stage,
  points: [1, 2, 3].map((epoch) => ({ epoch: 3 * s + epoch, loss: 1 / (epoch + s), accuracy: 0.9 + epoch / 100 })),
}));
const attention: AttentionExample = {
  task: 'ag_news',
  method: 'mp',
  tokens: ['[CLS]', 'not', '<bad>', '[SEP]'],
  layers: [
    { scores: [0.4, 0.3, 0.2, 0.1], kept: [true, true, true, false] },
    { scores: [0.5, 0.1, 0.4, null], kept: [true, false, true, false] },
    { scores: [0.6, null, 0.4, null], kept: [true, false, true, false] },
  ],
};
const report: Report = {
  title: 'A <b>title</b> & more',
  introduction: ['The first "paragraph".'],
  facts: { Command: 'magic-pyramid demo --out <dir>', Seed: '0' },
  rows: [
    ...methods.map(({ task, method, judgement }) => reportRow(judgement, { task, method, seconds: 61 })),
    failedRow('ag_news', 'ltp', 'loss <NaN> at step 3'),
  ],
  methods,
  training,
  attention: [attention],
};

describe('the report', () => {
  let page: string;
  let document: ReturnType<typeof parseHTML>['document'];
  const texts = (selector: string, within: Pick<typeof document, 'querySelectorAll'> = document) =>
    [...within.querySelectorAll(selector)].map((element) => element.textContent);
  beforeAll(() => {
    page = renderReport(report);
    document = parseHTML(page).document;
  });

  it('needs no network and runs no script', () => {
    expect(document.querySelectorAll('script, link, iframe, object, embed, img, image, use')).toHaveLength(0);
    const addresses = [...page.matchAll(/\b(?:src|href|xlink:href)\s*=|url\(|@import|https?:[^\s"']*/g)].map(String);
    expect(addresses.filter((address) => !address.startsWith('http://www.w3.org/'))).toEqual([]);
    expect(page).toMatch(/Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/);
  });

  it('has no style attribute, so that a page with a strict Content-Security-Policy can show the same drawings', () => {
    expect(document.querySelectorAll('[style], svg style')).toHaveLength(0);
  });

  it('escapes titles, facts and reasons', () => {
    expect(texts('h1')).toEqual([report.title]);
    expect(document.querySelectorAll('b')).toHaveLength(0);
    expect(texts('dl:not(.methods) dd')).toEqual(Object.values(report.facts ?? {}));
    expect(texts('td.failed')).toEqual(['failed: loss <NaN> at step 3']);
  });

  it('holds the table, one row a task and method', () => {
    const rows = [...document.querySelectorAll('table')[0].querySelectorAll('tbody tr')];
    expect(rows).toHaveLength(report.rows.length);
    expect(rows.map((row) => texts('td, th', row).slice(0, 2))).toEqual(
      report.rows.map(({ task, method }) => [task, method]),
    );
    expect(texts('td', rows[0])).toContain('1.00×');
  });

  it('draws each task its figures, each with the same numbers as a table', () => {
    expect(texts('h2')).toEqual(['spam', 'ag_news']);
    const common = [
      'Accuracy against speed-up, as the paper counts',
      'Accuracy against speed-up, as computed',
      'Speed-up by length, as the paper counts',
      'Speed-up by length, as computed',
      'Tokens pruned, by length',
      'Mean exit, by length',
      'Tokens left by layer',
      'Exits by layer',
    ];
    const [spam, agNews] = [...document.querySelectorAll('section')];
    expect(texts('figure h4', spam)).toEqual([...common, 'Training loss', 'Validation accuracy in training']);
    expect(texts('figure h4', agNews)).toEqual([...common, 'Attention by token, text 1']);
    for (const figure of document.querySelectorAll('figure')) {
      const svg = figure.querySelector('svg');
      expect(svg?.getAttribute('role')).toBe('img');
      expect(svg?.getAttribute('aria-label')).toBe(figure.querySelector('h4')?.textContent);
      const heads = figure.querySelectorAll('thead th').length;
      const rows = [...figure.querySelectorAll('tbody tr')];
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(row.querySelectorAll('td')).toHaveLength(heads);
      expect(figure.innerHTML).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it('draws the numbers: a bar per method and length, a line per method with exits, a mark per method', () => {
    const figure = (title: string) =>
      [...document.querySelectorAll('section')[0].querySelectorAll('figure')].find(
        (element) => element.querySelector('h4')?.textContent === title,
      )!;
    const bars = figure('Speed-up by length, as computed').querySelectorAll('g.bars rect');
    expect(bars).toHaveLength(6 * 3);
    expect(texts('title', figure('Speed-up by length, as the paper counts'))).toContain('distilbert: 2.00×');
    const curve = figure('Accuracy against speed-up, as computed');
    expect(curve.querySelectorAll('g.lines path')).toHaveLength(3);
    expect(curve.querySelectorAll('g.dots path')).toHaveLength(6);
    const loss = figure('Training loss').querySelectorAll('g.lines path');
    expect(loss).toHaveLength(2); // one a stage: their losses are not the same
    const heights = [...bars].map((bar) => Number(bar.getAttribute('height')));
    const values = methods
      .slice(0, 6)
      .flatMap(({ judgement }) => judgement.byLength.map(({ speedup }) => speedup!.actual!));
    const ratio = (list: readonly number[]) => Math.max(...list) / Math.min(...list);
    expect(ratio(heights)).toBeCloseTo(ratio(values), 6);
  });

  it('shades a token by its score until it is removed, and marks where', () => {
    const figure = document.querySelector('figure.wide')!;
    const cells = [...figure.querySelectorAll('g.cells rect')];
    expect(cells).toHaveLength(4 + 3 + 2);
    const opacity = cells.slice(0, 4).map((cell) => Number(cell.getAttribute('fill-opacity')));
    expect(opacity).toEqual(opacity.toSorted((a, b) => b - a));
    expect(opacity[0]).toBe(1);
    expect(figure.querySelectorAll('g.crosses path')).toHaveLength(2);
    expect(texts('title', figure)).toContain('[SEP], layer 1: 0.100, removed');
    expect(texts('tbody tr', figure)[2]).toBe('<bad>0.2000.4000.400');
    expect(texts('tbody tr', figure)[3]).toBe('[SEP]0.100 ×––');
  });

  it('keeps its colours in the style sheet, in light and dark', () => {
    const used = new Set([...page.matchAll(/var\((--[\w-]+)\)/g)].map(([, name]) => name));
    const [light, dark] = page.split('prefers-color-scheme: dark');
    for (const name of used) {
      expect([name, light.includes(`${name}: #`), dark.includes(`${name}: #`)]).toEqual([name, true, true]);
    }
    expect(used.size).toBeGreaterThan(10);
  });

  it('is the same bytes for the same data', () => {
    expect(renderReport(report)).toBe(page);
  });

  it('is a table alone where every run failed', () => {
    const only = renderReport({ title: 'x', rows: [failedRow('t', 'mp', 'no disk')], methods: [] });
    expect(only).toContain('failed: no disk');
    expect(only).not.toContain('<figure>');
  });

  describe('of models with a floor 0', () => {
    const floor = { weight: 0.8, prior: [0, 0.1, -0.1, 0], scale: 2 };
    const trace = randomTrace({ seed: 3, texts: 150, floor });
    const none = { ...smallShape, layers: 0, hiddenSize: 0, heads: 0, intermediateSize: 0 };
    const entries = randomTrace({ seed: 4, texts: 150, shape: none, headKind: 'none', floor }).entries;
    const linear = {
      ...randomTrace({ seed: 4, shape: none, headKind: 'none', floor }),
      entries: entries.filter((one) => one.floor),
    };
    const reports: MethodReport[] = [
      ...sample('spam', 1, ['bert', 'mp']),
      { task: 'spam', method: 'mp+', judgement: judge(trace, 0.5), curve: tradeoff(trace) },
      { task: 'spam', method: 'linear', judgement: judge(linear, null), curve: tradeoff(linear) },
    ];
    const rows = reports.map(({ task, method, judgement }) => reportRow(judgement, { task, method }));
    const drawn = parseHTML(renderReport({ title: 'x', rows, methods: reports })).document;
    const figure = (title: string) =>
      [...drawn.querySelectorAll('figure')].find((one) => one.querySelector('h4')?.textContent === title)!;

    it('shows the texts that leave there as a bar of its own, which methods without one lack', () => {
      const [, , { judgement }] = reports;
      expect(judgement.exitsAtFloor).toBeGreaterThan(10);
      const share = `${((100 * judgement.exitsAtFloor!) / judgement.n).toFixed(1)} %`;
      const exits = figure('Exits by layer');
      expect(texts('thead th', exits)).toEqual(['Layer', 'mp', 'mp+']);
      expect(texts('tbody tr', exits)[0]).toBe(`floor 0–${share}`);
      expect(texts('title', exits)).toContain(`mp+, floor 0: ${share}`);
      expect(texts('figcaption', exits)[0]).toContain('and floor 0 before the network');
      // 6 layers of two methods, and floor 0 of one
      expect(exits.querySelectorAll('g.bars rect').length).toBe(
        reports.slice(1, 3).reduce((sum, one) => sum + one.judgement.exitsByLayer.length, 0) + 1,
      );
    });

    it('leaves points without a speed-up out of the chart, says so, and prints a dash', () => {
      for (const count of ['as the paper counts', 'as computed']) {
        const chart = figure(`Accuracy against speed-up, ${count}`);
        expect(texts('figcaption', chart)[0]).toContain('Points without a speed-up');
        expect(texts('title', chart).filter((title) => title?.startsWith('linear'))).toEqual([]);
        expect(texts('tbody tr', chart).at(-1)).toMatch(/^linearoff[\d.]+ %–$/);
      }
      expect(drawn.body.innerHTML).not.toMatch(/NaN|undefined|Infinity|null/);
      const row = [...drawn.querySelectorAll('table')[0].querySelectorAll('tbody tr')].at(-1)!;
      expect(texts('th', row)).toEqual(['linear']);
      expect(texts('td', row).slice(-3)).toEqual(['–', '–', '0.00']);
    });

    it('has neither columns nor figures of a network where there is none', () => {
      const only = reports.filter(({ method }) => method === 'linear');
      const alone = parseHTML(renderReport({ title: 'x', rows: rows.slice(-1), methods: only })).document;
      expect(texts('thead th', alone.querySelector('table')!)).toEqual(['Task', 'Method', 'Accuracy']);
      expect(alone.querySelectorAll('figure, section, .legend')).toHaveLength(0);
      expect(alone.body.textContent).not.toMatch(/Speed-up|–|off/);
      const mixed = parseHTML(renderReport({ title: 'x', rows, methods: reports })).document;
      expect(texts('figure h4', mixed)).toContain('Speed-up by length, as computed');
      expect(texts('thead th', figure('Speed-up by length, as computed'))).toEqual(['Tokens', 'bert', 'mp', 'mp+']);
    });
  });

  it('shows commands as such, and breaks texts in a table into lines, but no names', () => {
    const text = 'Claim your <b>free</b> prize now, and tell all of your friends about it';
    const wrong = {
      ...{ name: 'wrong', title: 'Wrong', caption: '', heads: ['label', 'text'], align: ['left', 'left'] as const },
      ...{ rows: [['spam', text]], records: [] },
    };
    const page = renderReport({
      ...{ title: 'x', rows: [], methods: [], tables: [wrong] },
      introduction: ['Run `magic-pyramid bench --model <dir>` or `x`.', 'A lone ` stays.'],
    });
    const { document } = parseHTML(page);
    expect(texts('main > p code', document)).toEqual(['magic-pyramid bench --model <dir>', 'x']);
    expect(texts('main > p', document).slice(0, 2)).toEqual([
      'Run magic-pyramid bench --model <dir> or x.',
      'A lone ` stays.',
    ]);
    expect(texts('td.long', document)).toEqual([text]);
  });

  it('has no axis beyond all right, and no chart by length without a bar', () => {
    const floor = { weight: 1, prior: [0, 0, 0, 0], scale: 50 };
    const given = randomTrace({ seed: 3, texts: 150, floor });
    // floor 0 is right, and as sure as can be
    const entries = given.entries.map((one) => ({ ...one, floor: [0, 1, 2, 3].map((c) => (c === one.label ? 9 : 0)) }));
    const trace = { ...given, entries };
    const all = { task: 'spam', method: 'mp', judgement: judge(trace, 0.5), curve: tradeoff(trace) };
    expect([all.judgement.accuracy, all.judgement.speedup.paper]).toEqual([1, null]);
    const { document } = parseHTML(renderReport({ title: 'x', rows: [], methods: [all] }));
    // of both axes: percent, and times
    const ticks = texts('text', document.querySelector('figure svg')!).map(Number);
    expect(ticks.filter((tick) => tick > 99 && tick < 101).at(-1)).toBe(100);
    expect(ticks.filter((tick) => tick > 100 && tick < 101)).toEqual([]);
    const titles = texts('figure h4', document);
    expect(titles).toContain('Speed-up by length, as computed');
    expect(titles).not.toContain('Speed-up by length, as the paper counts');
    expect(titles).not.toContain('Mean exit, by length');
  });

  it('draws a single dense method without figures on pruning or exits', () => {
    const [bert] = methods;
    const alone = parseHTML(renderReport({ title: 'x', rows: [], methods: [bert] })).document;
    expect(texts('figure h4', alone)).toEqual([
      'Accuracy against speed-up, as the paper counts',
      'Accuracy against speed-up, as computed',
      'Speed-up by length, as the paper counts',
      'Speed-up by length, as computed',
    ]);
  });
});

describe('a report on disk', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'report-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('is HTML, Markdown, CSV and JSON of the same rows, and nothing else', async () => {
    const out = join(dir, 'new', 'folder');
    await writeReport(out, report);
    await writeReport(out, report);
    expect((await readdir(out)).toSorted()).toEqual(['report.csv', 'report.html', 'report.json', 'report.md']);
    expect(JSON.parse(await readFile(join(out, 'report.json'), 'utf8')).rows).toEqual(report.rows);
    expect(await readFile(join(out, 'report.html'), 'utf8')).toMatch(/^<!doctype html>/);
    expect(await readFile(join(out, 'report.md'), 'utf8')).toMatch(/^# A [\s\S]*\| ag_news \|[\s\S]*- Seed: 0\n$/);
    expect((await readFile(join(out, 'report.csv'), 'utf8')).trimEnd().split('\n')).toHaveLength(
      report.rows.length + 1,
    );
  });

  it('that cannot be written says which file', async () => {
    await writeFile(join(dir, 'file'), '');
    await expect(writeReport(join(dir, 'file', 'x'), report)).rejects.toMatchObject({ code: 'MP_WRITE' });
  });
});
