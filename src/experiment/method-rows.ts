/** The rows of a table of methods: the paper's five, ours, and what lies between them. Table 4's stages are methods.ts's. */

import { PAPER_EXITS } from '../train/options/choices.ts';
import type { MethodName, TrainOptions } from '../train/options/defaults.ts';

export interface MethodRow {
  readonly name: string;
  readonly method: MethodName;
  readonly exits: Pick<TrainOptions, 'exitHead' | 'exitTraining' | 'floor'>;
}

/** Pooled heads, and aligned ones for pairs; floor 0 before them. */
const OURS = { exitHead: 'auto', exitTraining: 'joint', floor: 'auto' } as const;
const WITHOUT_FLOOR = { ...OURS, floor: 'none' } as const;

const rows: readonly MethodRow[] = [
  { name: 'bert', method: 'bert', exits: PAPER_EXITS },
  { name: 'distilbert', method: 'distilbert', exits: PAPER_EXITS },
  { name: 'ltp', method: 'ltp', exits: PAPER_EXITS },
  { name: 'fastbert', method: 'fastbert', exits: PAPER_EXITS },
  { name: 'mp', method: 'mp', exits: PAPER_EXITS },
  { name: 'mp+', method: 'mp', exits: OURS },
  // parts of the differences between mp and mp+, and mp+ without pruning
  { name: 'mp-joint', method: 'mp', exits: { ...PAPER_EXITS, exitTraining: 'joint' } },
  { name: 'mp-pooled', method: 'mp', exits: { ...PAPER_EXITS, exitHead: 'pooled' } },
  { name: 'mp-joint-pooled', method: 'mp', exits: { exitHead: 'pooled', exitTraining: 'joint', floor: 'none' } },
  { name: 'fastbert+', method: 'fastbert', exits: WITHOUT_FLOOR },
  // mp+ without its floor 0, and with one that answers but is added to no other exit
  { name: 'mp+-no-floor', method: 'mp', exits: WITHOUT_FLOOR },
  { name: 'mp+-no-sum', method: 'mp', exits: { ...OURS, floor: 'apart' } },
  // what people pick instead of a network
  { name: 'linear', method: 'linear', exits: { ...PAPER_EXITS, floor: 'auto' } },
];

export const METHOD_ROWS: ReadonlyMap<string, MethodRow> = new Map(rows.map((row) => [row.name, row]));
/** What a table has when nobody says. */
export const USUAL_ROWS: readonly string[] = ['bert', 'linear', 'distilbert', 'ltp', 'fastbert', 'mp', 'mp+'];

/** A row's name as a folder's. */
export const folderName = (name: string): string => name.replace('+', '-plus');
