/** Rows through the engine: traces, what pieces cost on this machine, int8 beside fp32, floor 0 made anew. */
export { measureClock } from './clock.ts';
export { measurePeeks } from './measure-peeks.ts';
export { type Quantized, type QuantizeOptions, quantize } from './quantize.ts';
export { type RefitOptions, type Refitted, refit } from './refit.ts';
