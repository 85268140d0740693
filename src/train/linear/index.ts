/** Floor 0's training: rows and targets, the whole of it here or in a thread, and how it is added to the network. */

export type { ChosenStrength } from './choose-strength.ts';
export { type ChosenSum, chooseSum, type SumRows } from './choose-sum.ts';
export type { FloorEvent, OnFloorEvent } from './floor-event.ts';
export { type FloorRows, type FloorTargets, rowCount } from './floor-rows.ts';
export { floorRows } from './floor-rows-writer.ts';
export { FLOOR_DEFAULTS, type FloorSettings } from './floor-settings.ts';
export { floorLogits, floorTexts } from './floor-texts.ts';
export { type FloorThreadOptions, trainFloorInThread } from './floor-thread.ts';
export type { Truth } from './log-loss.ts';
export { temperatureOf } from './temperature.ts';
export { type FloorJob, type TrainedFloor, trainFloor } from './train-floor.ts';
