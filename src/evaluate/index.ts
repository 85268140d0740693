/** Traces, metrics, the dial: evaluation without running or drawing anything. */
export { calibrationError, calibrationErrors } from './calibration-error.ts';
export { type BothCounts, type Judgement, judge, type LengthBucket, type Summary } from './judge.ts';
export { accuracy, f1, macroF1 } from './metrics.ts';
export type { CountOptions, Peeks } from './outcomes.ts';
export { type PeekCosts, type PeekPlan, planPeeks } from './plan-peeks.ts';
export { readTrace, type Trace, type TraceEntry, writeTrace } from './trace.ts';
export { type ChooseTauOptions, cheapest, chooseTau, mostAccurate, tradeoff } from './tradeoff.ts';
