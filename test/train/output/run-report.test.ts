import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, it } from 'vitest';
import { byLabel } from '../../../src/evaluate/by-label.ts';
import { judge } from '../../../src/evaluate/judge.ts';
import { surestWrong } from '../../../src/evaluate/surest-wrong.ts';
import { readTrace, type Trace } from '../../../src/evaluate/trace.ts';
import { writeValidationTrace } from '../../../src/train/output/run-report.ts';
import { runTraining, type TrainResult } from '../../../src/train/train.ts';
import { cpu } from '../../support/cpu.ts';
import { randomTrace } from '../../support/random-trace.ts';
import { scratchDataset, tinyOptions, writeRows } from '../../support/scratch-data.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const out = join(root, 'model');
const read = (name: string) => readFileSync(join(out, name), 'utf8');
let result: TrainResult;
let trace: Trace;

beforeAll(async () => {
  const train = writeRows(root, 'rows.csv', scratchDataset({ rows: 120, labels: 3 }));
  const options = tinyOptions({ train, out, floor: 'none', epochs: { regular: 2, soft: 1, hard: 1, heads: 1 } });
  result = await runTraining(options, cpu, () => {});
  trace = await readTrace(join(out, 'trace.jsonl'));
});

describe('a run without test rows leaves in its folder', () => {
  it('the trace of its validation rows, which its figures follow from', () => {
    expect(trace.entries).toHaveLength(JSON.parse(read('training.json')).data.validation.rows);
    expect(judge(trace, result.tau).accuracy).toBe(result.metrics.accuracyAtTau ?? result.metrics.accuracy);
    expect(result.byLabel).toEqual(byLabel(trace, result.tau));
  });

  it('precision and recall of each label in training.json and the model card', () => {
    expect(JSON.parse(read('training.json')).byLabel).toEqual(result.byLabel);
    const [first] = result.byLabel!.labels;
    expect(read('README.md')).toMatch(/## By label\n\n\| label/);
    expect(read('README.md')).toMatch(
      new RegExp(`\\| ${first.label} +\\| +${first.precision.toFixed(3)} \\| +${first.recall.toFixed(3)} \\|`),
    );
    expect(read('README.md')).toContain(
      `Of the validation rows${result.tau === null ? '' : `, at tau ${result.tau}`}.`,
    );
  });

  it('a report with the curves, the labels and the rows that it is surest and wrong about', () => {
    const { document } = parseHTML(read('report.html'));
    const text = document.body.textContent!;
    expect(text).toContain('Training loss');
    expect(text).toContain('By label');
    const wrong = surestWrong(trace, result.tau, 25);
    expect(wrong.length).toBeGreaterThan(0);
    const heading = [...document.querySelectorAll('h2')].find((h2) => h2.textContent === 'Surest, and wrong');
    const lines = [...heading!.nextElementSibling!.querySelectorAll('tbody tr')];
    expect(lines.map((line) => line.children[0].textContent)).toEqual(wrong.map(({ row }) => String(row + 1)));
    const report = JSON.parse(read('report.json'));
    expect(report.rows).toHaveLength(1);
    expect(report.rows[0].accuracy).toBe(judge(trace, result.tau).accuracy);
    // report.json is what a server hands out: it has no texts of rows
    expect(Object.keys(report.tables).sort()).toEqual(['confusions', 'labels']);
  });
});

it('a trace of very many rows is one of five thousand of them, the same for the same seed', async () => {
  const many = randomTrace({ seed: 2, texts: 5200 });
  const entries = async (name: string, seed: number) => {
    await writeValidationTrace(join(root, name), many, seed);
    return (await readTrace(join(root, name, 'trace.jsonl'))).entries;
  };
  const first = await entries('a', 1);
  expect(first).toHaveLength(5000);
  expect(await entries('b', 1)).toEqual(first);
  expect(await entries('c', 2)).not.toEqual(first);
});
