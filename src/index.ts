/** The public library. */
export * from './engine/index.ts';
export { catalogue, type ErrorCode, PyramidError } from './errors.ts';
export { type Judgement, judge } from './evaluate/judge.ts';
export { measurePeeks } from './evaluate/measure-peeks.ts';
export { type PeekCosts, type PeekPlan, planPeeks } from './evaluate/plan-peeks.ts';
export { type Quantized, type QuantizeOptions, quantize } from './evaluate/quantize.ts';
export { runTrace } from './evaluate/run-trace.ts';
export { readTrace, type Trace, type TraceEntry, writeTrace } from './evaluate/trace.ts';
export { type ChooseTauOptions, chooseTau, tradeoff } from './evaluate/tradeoff.ts';
export { type DownloadProgress, resolveModel } from './hub/index.ts';
