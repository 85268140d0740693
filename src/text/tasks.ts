/**
 * The five tasks of the paper's table 2 as data, and how their files read: AG News and Yelp polarity as their authors'
 * CSV, QQP, MRPC and RTE as GLUE's TSV. Knows nothing of where files come from.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PyramidError } from '../errors.ts';
import { missingColumn } from './columns.ts';
import type { Dataset, Example } from './example.ts';
import { openTable } from './open-table.ts';

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
}

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
  },
  yelp_polarity: {
    ...csv,
    folders: ['yelp_polarity', 'yelp', 'yelp_review_polarity_csv'],
    text: ['1'],
    labelCells: ['1', '2'],
    labels: ['negative', 'positive'],
    escapedNewlines: true,
    metric: 'accuracy',
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
  const path = await findFile(task, dataDir, split);
  const { columns, rows } = await openTable(path, { header: task.header });
  const at = (column: string) => {
    const i = columns.indexOf(column);
    if (i < 0 && columns.length > 0) throw missingColumn(path, column, columns);
    return i;
  };
  const texts = task.text.map(at);
  const pair = task.pair === null ? null : at(task.pair);
  const label = at(task.label);

  const examples: Example[] = [];
  let wrong: { readonly line: number; readonly problem: string } | null = null;
  let more = -1;
  for await (const row of rows) {
    const { line } = row;
    let problem = row.kind === 'problem' ? row.problem : null;
    if (row.kind === 'row') {
      const cells = row.cells.map(String);
      const text = texts.map((i) => (task.escapedNewlines ? cells[i].replaceAll('\\n', ' ') : cells[i])).join(' ');
      const index = task.labelCells.indexOf(cells[label]);
      if (index < 0) problem = `the label is "${cells[label]}", not one of ${task.labelCells.join(', ')}`;
      else examples.push(pair === null ? { text, label: index } : { text, pair: cells[pair], label: index });
    }
    if (problem !== null) {
      wrong ??= { line, problem };
      more++;
    }
  }
  if (wrong) throw new PyramidError('MP_DATA_ROW', { path, ...wrong, more });
  if (examples.length === 0) throw new PyramidError('MP_DATA_EMPTY', { path });
  return { name, labels: task.labels, pairs: pair !== null, examples };
}

async function findFile(task: Task, dataDir: string, split: TaskSplit): Promise<string> {
  const paths = task.folders.map((folder) => join(dataDir, folder, task.files[split]));
  for (const path of paths) if (await stat(path).catch(() => null)) return path;
  throw new PyramidError('MP_FILE_MISSING', { path: paths[0], what: 'file' });
}
