/** The public library. */
export * from './engine/index.ts';
export { catalogue, type ErrorCode, PyramidError } from './errors.ts';
export { type Judgement, judge } from './evaluate/judge.ts';
export { type PeekCosts, type PeekPlan, planPeeks } from './evaluate/plan-peeks.ts';
export { readTrace, type Trace, type TraceEntry, writeTrace } from './evaluate/trace.ts';
export { type ChooseTauOptions, chooseTau, tradeoff } from './evaluate/tradeoff.ts';
export { type DownloadProgress, resolveModel } from './hub/index.ts';
export { measurePeeks } from './measure/measure-peeks.ts';
export { type Quantized, type QuantizeOptions, quantize } from './measure/quantize.ts';
export { runTrace } from './measure/run-trace.ts';
