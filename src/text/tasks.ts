/**
 * The five tasks of the paper's table 2 as data, and how their files read: AG News and Yelp polarity as their authors'
 * CSV, QQP, MRPC and RTE as GLUE's TSV, all of them as the parquet files of Hugging Face's hub. Knows where files lie,
 * and nothing of how they get here.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PyramidError } from '../errors.ts';
import { missingColumn } from './columns.ts';
import type { Dataset, Example } from './example.ts';
import { openTable } from './files/open-table.ts';
import { type Table, UnreadableCell } from './files/table.ts';

export type TaskName = 'ag_news' | 'yelp_polarity' | 'qqp' | 'mrpc' | 'rte';
export type TaskSplit = 'train' | 'test';

export interface Task {
  /** Folders under the data folder, tried in order. */
  readonly folders: readonly string[];
  /** GLUE keeps the labels of its test set: `dev` stands in. */
  readonly files: Readonly<Record<TaskSplit, string>>;
  readonly header: boolean;
  /** Columns by name, or by number from 0; several are joined with a blank. */
  readonly text: readonly string[];
  readonly pair: string | null;
  readonly label: string;
  /** What the label column holds, in the order of `labels`. */
  readonly labelCells: readonly string[];
  readonly labels: readonly string[];
  /** Whether a line break is written as a backslash and an n; it is read as a blank. */
  readonly escapedNewlines: boolean;
  readonly metric: 'accuracy' | 'accuracy+f1';
  readonly hub: HubTask;
}

/** The task as a data set of the hub, whose columns have names of their own. */
export interface HubTask {
  readonly name: string;
  /** Where its parquet files lie, tried in order. */
  readonly folders: readonly string[];
  readonly splits: Readonly<Record<TaskSplit, string>>;
  readonly text: string;
  readonly pair: string | null;
  readonly label: string;
  /** Names of the label column's classes, in the order of `labels`; a file that has no names has their numbers from 0. */
  readonly classes: readonly string[];
}

const glueOnHub = (config: string, [text, pair]: readonly [string, string], classes: readonly string[]): HubTask => ({
  name: 'nyu-mll/glue',
  folders: [config],
  splits: { train: 'train', test: 'validation' },
  text,
  pair,
  label: 'label',
  classes,
});
const singleOnHub = (name: string, folders: readonly string[], classes: readonly string[]): HubTask => ({
  name,
  folders,
  splits: { train: 'train', test: 'test' },
  text: 'text',
  pair: null,
  label: 'label',
  classes,
});
const sentences = ['sentence1', 'sentence2'] as const;

const glue = { files: { train: 'train.tsv', test: 'dev.tsv' }, header: true, escapedNewlines: false } as const;
const csv = { files: { train: 'train.csv', test: 'test.csv' }, header: false, pair: null, label: '0' } as const;

export const TASKS: Readonly<Record<TaskName, Task>> = {
  ag_news: {
    ...csv,
    folders: ['ag_news', 'ag_news_csv'],
    text: ['1', '2'], // title, description
    labelCells: ['1', '2', '3', '4'],
    labels: ['World', 'Sports', 'Business', 'Sci/Tech'], // as classes.txt
    escapedNewlines: false,
    metric: 'accuracy',
    hub: singleOnHub('fancyzhx/ag_news', ['data'], ['World', 'Sports', 'Business', 'Sci/Tech']),
  },
  yelp_polarity: {
    ...csv,
    folders: ['yelp_polarity', 'yelp', 'yelp_review_polarity_csv'],
    text: ['1'],
    labelCells: ['1', '2'],
    labels: ['negative', 'positive'],
    escapedNewlines: true,
    metric: 'accuracy',
    hub: singleOnHub('fancyzhx/yelp_polarity', ['plain_text', 'data'], ['1', '2']),
  },
  qqp: {
    ...glue,
    folders: ['qqp', 'QQP'],
    text: ['question1'],
    pair: 'question2',
    label: 'is_duplicate',
    labelCells: ['0', '1'],
    labels: ['not_duplicate', 'duplicate'],
    metric: 'accuracy+f1',
    hub: glueOnHub('qqp', ['question1', 'question2'], ['not_duplicate', 'duplicate']),
  },
  mrpc: {
    ...glue,
    folders: ['mrpc', 'MRPC'],
    text: ['#1 String'],
    pair: '#2 String',
    label: 'Quality',
    labelCells: ['0', '1'],
    labels: ['not_equivalent', 'equivalent'],
    metric: 'accuracy+f1',
    hub: glueOnHub('mrpc', sentences, ['not_equivalent', 'equivalent']),
  },
  rte: {
    ...glue,
    folders: ['rte', 'RTE'],
    text: ['sentence1'],
    pair: 'sentence2',
    label: 'label',
    labelCells: ['entailment', 'not_entailment'],
    labels: ['entailment', 'not_entailment'],
    metric: 'accuracy',
    hub: glueOnHub('rte', sentences, ['entailment', 'not_entailment']),
  },
};

/** The task of that name. @throws MP_TASK_UNKNOWN */
export function taskNamed(name: string): Task {
  if (!Object.hasOwn(TASKS, name)) throw new PyramidError('MP_TASK_UNKNOWN', { task: name, tasks: Object.keys(TASKS) });
  return TASKS[name as TaskName];
}

/**
 * One split of a task from `dataDir`, which holds a folder a task.
 * @throws MP_TASK_UNKNOWN, MP_FILE_MISSING, MP_DATA_EMPTY, MP_DATA_COLUMN, MP_DATA_ROW
 */
export async function readTask(name: string, dataDir: string, split: TaskSplit): Promise<Dataset> {
  const task = taskNamed(name);
  const { labelCells } = task;
  return read(name, [await findFile(task, dataDir, split)], {
    ...task,
    labelOf: (cell) => labelCells.indexOf(String(cell)),
    cells: labelCells,
  });
}

/**
 * One split of a task from the parquet files that the hub has for it (`task.hub`), in their order.
 * @throws MP_TASK_UNKNOWN, MP_DATA_FILE, MP_DATA_EMPTY, MP_DATA_COLUMN, MP_DATA_ROW
 */
export async function readHubTask(name: string, paths: readonly string[]): Promise<Dataset> {
  const { hub, escapedNewlines } = taskNamed(name);
  const { classes } = hub;
  return read(name, paths, {
    ...hub,
    text: [hub.text],
    header: true,
    escapedNewlines,
    // a class's name is text even where it looks like a number ("1" of Yelp is class 0)
    labelOf(cell) {
      if (typeof cell === 'string') return classes.indexOf(cell);
      return classes.findIndex((_, i) => cell === i || cell === BigInt(i));
    },
    cells: classes,
  });
}

interface Form {
  readonly header: boolean;
  readonly text: readonly string[];
  readonly pair: string | null;
  readonly label: string;
  readonly escapedNewlines: boolean;
  /** Index of a label cell's label; -1 if it is none. */
  readonly labelOf: (cell: unknown) => number;
  /** What the label column holds, for messages. */
  readonly cells: readonly string[];
}

async function read(name: string, paths: readonly string[], form: Form): Promise<Dataset> {
  const examples: Example[] = [];
  for (const path of paths) await readInto(examples, path, form);
  if (examples.length === 0) throw new PyramidError('MP_DATA_EMPTY', { path: paths[0] });
  return { name, labels: taskNamed(name).labels, pairs: form.pair !== null, examples };
}

async function readInto(examples: Example[], path: string, form: Form): Promise<void> {
  const table = await openTable(path, { header: form.header });
  try {
    await readTable(examples, path, form, table);
  } finally {
    await table.close();
  }
}

async function readTable(examples: Example[], path: string, form: Form, table: Table): Promise<void> {
  const { columns, rows } = table;
  const at = (column: string) => {
    const i = columns.indexOf(column);
    if (i < 0 && columns.length > 0) throw missingColumn(path, column, columns);
    return i;
  };
  const texts = form.text.map(at);
  const pair = form.pair === null ? null : at(form.pair);
  const label = at(form.label);
  const used = [...texts, ...(pair === null ? [] : [pair]), label];
  table.want?.(used);

  let wrong: { readonly line: number; readonly problem: string } | null = null;
  let more = -1;
  for await (const row of rows) {
    const { line } = row;
    let problem = row.kind === 'problem' ? row.problem : null;
    const odd =
      row.kind === 'row' ? used.map((i) => row.cells[i]).find((cell) => cell instanceof UnreadableCell) : null;
    if (row.kind === 'row' && used.some((i) => row.cells[i] === null || row.cells[i] === undefined)) {
      problem = 'a text or the label is missing';
    } else if (odd) {
      problem = `a text or the label is ${(odd as UnreadableCell).problem}`;
    } else if (row.kind === 'row') {
      const cells = row.cells.map(String);
      const text = texts.map((i) => (form.escapedNewlines ? cells[i].replaceAll('\\n', ' ') : cells[i])).join(' ');
      const index = form.labelOf(row.cells[label]);
      if (index < 0)
        problem = `the label is "${String(cells[label]).slice(0, 40)}", not one of ${form.cells.join(', ')}`;
      else examples.push(pair === null ? { text, label: index } : { text, pair: cells[pair], label: index });
    }
    if (problem !== null) {
      wrong ??= { line, problem };
      more++;
    }
  }
  if (wrong) throw new PyramidError('MP_DATA_ROW', { path, ...wrong, more });
}

async function findFile(task: Task, dataDir: string, split: TaskSplit): Promise<string> {
  const paths = task.folders.map((folder) => join(dataDir, folder, task.files[split]));
  for (const path of paths) if (await stat(path).catch(() => null)) return path;
  throw new PyramidError('MP_FILE_MISSING', { path: paths[0], what: 'file' });
}
