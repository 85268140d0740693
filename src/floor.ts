/** `magic-pyramid/floor`: floor 0 alone, where there are no workers: functions at the edge, service workers, any thread. */
export type { Answer } from './engine/answer.ts';
export { type OpenFloor, openFloor, type ReadFile } from './engine/browser/index.ts';
export type { TextInput } from './engine/inputs.ts';
export { type ErrorCode, PyramidError } from './errors.ts';
