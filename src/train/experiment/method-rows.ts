/** The rows of a table of methods: the paper's five, ours, and what lies between them. Table 4's stages are methods.ts's. */
import type { MethodName, TrainOptions } from '../defaults.ts';

export interface MethodRow {
  readonly name: string;
  readonly method: MethodName;
  readonly exits: Pick<TrainOptions, 'exitHead' | 'exitTraining'>;
}

/** The paper: heads on [CLS], trained once the network is finished. */
const PAPER = { exitHead: 'cls', exitTraining: 'frozen' } as const;
const OURS = { exitHead: 'pooled', exitTraining: 'joint' } as const;

const rows: readonly MethodRow[] = [
  { name: 'bert', method: 'bert', exits: PAPER },
  { name: 'distilbert', method: 'distilbert', exits: PAPER },
  { name: 'ltp', method: 'ltp', exits: PAPER },
  { name: 'fastbert', method: 'fastbert', exits: PAPER },
  { name: 'mp', method: 'mp', exits: PAPER },
  { name: 'mp+', method: 'mp', exits: OURS },
  // one of the two differences between mp and mp+ at a time, and mp+ without pruning
  { name: 'mp-joint', method: 'mp', exits: { ...PAPER, exitTraining: 'joint' } },
  { name: 'mp-pooled', method: 'mp', exits: { ...PAPER, exitHead: 'pooled' } },
  { name: 'fastbert+', method: 'fastbert', exits: OURS },
];

export const METHOD_ROWS: ReadonlyMap<string, MethodRow> = new Map(rows.map((row) => [row.name, row]));
/** What a table has when nobody says. */
export const USUAL_ROWS: readonly string[] = ['bert', 'distilbert', 'ltp', 'fastbert', 'mp', 'mp+'];

/** A row's name as a folder's. */
export const folderName = (name: string): string => name.replace('+', '-plus');
