/** Inference: classify texts with a trained model. */
export type { Answer, Detail } from './answer.ts';
export type { ClassifyOptions } from './classify-options.ts';
export type { ExplainedFloor, ExplainedLayer, Explanation } from './explain.ts';
export type { TextInput } from './inputs.ts';
export type { Truncate } from './job.ts';
export { type ModelInfo, modelInfo } from './model-info.ts';
export type { PieceCost } from './piece-costs.ts';
export { type LoadOptions, Pyramid } from './pyramid.ts';
export type { TracedText } from './text-classifier.ts';
