/**
 * Texts: data files and tasks, tokens, batches. Knows nothing of networks.
 */
export * from './batches.ts';
export type { ColumnName, ColumnNames } from './columns.ts';
export { DEFAULT_COLUMNS } from './columns.ts';
export type { Dataset, Example } from './example.ts';
export type { RowProblem } from './files/table.ts';
export * from './read-examples.ts';
export * from './split.ts';
export * from './tasks.ts';
export * from './text-key.ts';
export * from './tokenizer/load-tokenizer.ts';
export * from './tokenizer/tokenizer.ts';
export * from './tokenizer/wordpiece-trainer.ts';
