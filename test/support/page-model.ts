/** A model folder as the page meets it: random weights, a tokeniser of real words, and a trace and table beside them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { judge } from '../../src/evaluate/judge.ts';
import { type Trace, writeTrace } from '../../src/evaluate/trace.ts';
import { Pyramid } from '../../src/index.ts';
import { reportRow, toJson } from '../../src/report/table.ts';
import { trainWordPiece } from '../../src/text/index.ts';
import { type RandomModelOptions, randomModel } from './random-model.ts';
import { realTexts } from './real-texts.ts';

export const pageTexts = realTexts(160, 300);
export const tokenizer = trainWordPiece(pageTexts, { vocabularySize: 1500 });

export const LABELS = ['Sports', 'Business', 'Science'];

export const pageModel = (root: string, name: string, options: Omit<RandomModelOptions, 'seed'>) =>
  randomModel(root, name, { seed: 3, hiddenSize: 64, maxLength: 96, labels: LABELS, tokenizer, ...options });

/** Adds what an evaluation leaves: the labels are what the last layer says, but for every tenth. */
export async function addEvaluation(dir: string, tau: number): Promise<Trace> {
  await using pyramid = await Pyramid.load(dir, { workers: 1 });
  const traced = await pyramid.trace(pageTexts);
  const { shape, labels, headKind, exitSum } = pyramid;
  const entries = traced.map(({ length, tokens, logits, floor }, i) => {
    const last = logits.at(-1) ?? floor!;
    const best = last.indexOf(Math.max(...last));
    return { label: i % 10 === 0 ? (best + 1) % last.length : best, length, tokens, logits, floor };
  });
  const trace: Trace = { shape, labels, headKind, pairs: false, ...(exitSum && { floor: exitSum }), entries };
  await writeTrace(join(dir, 'trace.jsonl'), trace);
  const rows = [
    reportRow(judge(trace, null), { task: 'news', method: 'bert', seconds: 60 }),
    reportRow(judge(trace, tau), { task: 'news', method: 'mp', seconds: 90 }),
  ];
  await writeFile(join(dir, 'report.json'), toJson(rows));
  return trace;
}
