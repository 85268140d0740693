/** Inference: classify texts with a trained model. */
export type { Answer, Detail } from './answer.ts';
export type { ExplainedLayer, Explanation } from './explain.ts';
export type { TextInput } from './inputs.ts';
export type { Truncate } from './job.ts';
export { type ClassifyOptions, type LoadOptions, Pyramid, type TracedText } from './pyramid.ts';
