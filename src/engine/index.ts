/** Inference: classify texts with a trained model. */
export type { Answer } from './answer.ts';
export type { ExplainedLayer, Explanation } from './explain.ts';
export type { TextInput } from './inputs.ts';
export { type ClassifyOptions, type LoadOptions, Pyramid, type TracedText } from './pyramid.ts';
