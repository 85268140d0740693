/** `magic-pyramid/web`: the engine in a browser. */
export type { Answer } from '../engine/answer.ts';
export type { ExplainedFloor, ExplainedLayer, Explanation } from '../engine/explain.ts';
export type { TextInput } from '../engine/inputs.ts';
export { type ErrorCode, PyramidError } from '../errors.ts';
export { answerAt } from './answer-at.ts';
export { openModel } from './open-model.ts';
export type {
  AnswerAt,
  AskOptions,
  EngineInfo,
  ModelSource,
  OpenOptions,
  OpenProgress,
  PageEngine,
} from './page-engine.ts';
