/** `magic-pyramid/train`: fine-tune or train from scratch from Node. */
export type { ClockFigures } from '../evaluate/clock-figures.ts';
export type { OnTrainEvent, TrainEvent } from './events.ts';
export { type TrainWatch, train } from './library.ts';
export { type Method, methods, type StageName } from './methods.ts';
export type { ClassWeights, Epochs, MethodName, TrainOptions } from './options/defaults.ts';
export type { GivenEpochs } from './options/option-values.ts';
export { type GivenTrainOptions, resolveTrainOptions } from './options/resolve.ts';
export type { DialChoice } from './trace/set-dial.ts';
export type { TrainResult } from './train.ts';
