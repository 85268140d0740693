/**
 * The demo's rows as files, so that every other command can read them (`calibrate` on what training held back, `evaluate` on the
 * test rows), and the few of them that the page shows first. Knows nothing of how models are trained.
 */
import { join } from 'node:path';
import type { ModelExamples } from '../../pyramid/folder/examples.ts';
import type { Dataset, Example } from '../../text/example.ts';
import { writeAllWhole } from '../../write-whole.ts';
import { thousands } from '../output/format.ts';
import type { Corpus } from './corpus.ts';

/** Characters of a mail that is read at a glance. */
const SHORT = { from: 120, to: 420 };
/** Of a mail that is shown: lines that a reader would stumble over. */
const HARD_TO_READ = /^[ \t]*[>|+@-]|https?:|\bdiff\b|[{}<>]|wrote:|^(?:url|date|from):|\n{3}|\p{Co}|\ufffd/imu;
const SHOWN = ['ham', 'spam', 'ham', 'spam', 'ham'];

/** Writes train, validation and test as .jsonl into `folder`; gives the options of `train` that name them. Throws MP_WRITE. */
export async function writeRows(
  folder: string,
  { train, validation, test }: Pick<Corpus, 'train' | 'validation' | 'test'>,
) {
  const path = (name: string) => join(folder, `${name}.jsonl`);
  await writeAllWhole(
    Object.entries({ train, validation, test }).map(([name, set]) => ({ path: path(name), text: lines(set) })),
  );
  return { train: path('train'), validation: path('validation'), test: path('test'), text: 'text', label: 'label' };
}

function* lines({ labels, examples }: Dataset): Generator<string> {
  for (const { text, label } of examples) yield `${JSON.stringify({ text, label: labels[label] })}\n`;
}

/** Held-out mails that are short and easy to read, the first of each label in their order, whatever a model says of them. */
export function demoExamples({ train, test, everyday }: Pick<Corpus, 'train' | 'test' | 'everyday'>): ModelExamples {
  const readable = test.examples.filter(isReadable);
  const next = new Map(test.labels.map((name, i) => [name, readable.filter(({ label }) => label === i).values()]));
  return {
    about: `It was trained on ${thousands(train.examples.length - everyday.train)} e-mails of 2002 and 2003 (the SpamAssassin corpus, whose ham is mostly from mailing lists) and on ${everyday.train} everyday messages that we wrote. The examples are mails that it has not seen.`,
    examples: SHOWN.flatMap((label) => {
      const row = next.get(label)?.next().value;
      return row ? [{ text: row.text, label }] : [];
    }),
  };
}

const isReadable = ({ text }: Example): boolean =>
  text.length >= SHORT.from && text.length <= SHORT.to && !HARD_TO_READ.test(text);
