/**
 * Texts: data files and tasks, tokens, batches. Knows nothing of networks.
 */
export * from './batches.ts';
export type { ColumnName, ColumnNames } from './columns.ts';
export { DEFAULT_COLUMNS } from './columns.ts';
export type { Dataset, Example } from './example.ts';
export * from './load-tokenizer.ts';
export * from './read-examples.ts';
export * from './split.ts';
export type { RowProblem } from './table.ts';
export * from './tasks.ts';
export * from './tokenizer.ts';
export * from './wordpiece-trainer.ts';
