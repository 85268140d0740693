/** Traces, metrics, the choice of tau, tables and the report. */
export type { AttentionExample } from './attention-figures.ts';
export type { Drawing } from './drawing.ts';
export type { Figure, MethodReport, TrainingCurve } from './figure.ts';
export { percent, short, times } from './format.ts';
export { type BothCounts, type Judgement, judge, type LengthBucket, type Summary } from './judge.ts';
export { measurePeeks } from './measure-peeks.ts';
export { accuracy, f1, macroF1 } from './metrics.ts';
export type { CountOptions, Peeks } from './outcomes.ts';
export { type PeekCosts, type PeekPlan, planPeeks } from './plan-peeks.ts';
export { type Quantized, type QuantizeOptions, quantize } from './quantize.ts';
export { type Report, renderReport } from './report.ts';
export { left, type ReportTable, reportTable, right, type TableRecord, tableCsv } from './report-table.ts';
export {
  failedRow,
  type ReportRow,
  reportRow,
  toCsv,
  toJson,
  toMarkdown,
  toText,
} from './table.ts';
export { alignedText } from './text-table.ts';
export { readTrace, type Trace, type TraceEntry, writeTrace } from './trace.ts';
export { type ChooseTauOptions, cheapest, chooseTau, mostAccurate, tradeoff } from './tradeoff.ts';
export { writeReport } from './write-report.ts';
