/**
 * What a run computes on: the one file of training that opens a device. A caller at the top (a command, the library, a
 * child process) opens it once; everything below is given it and does not know which it is.
 */

import { chooseDevice } from '../runtime/choose-device.ts';
import type { TrainingDevice } from '../runtime/devices.ts';
// biome-ignore lint/style/noRestrictedImports: this is the file that opens it
import { nodeDevice } from '../runtime/node.ts';
import type { Device } from '../runtime/runtime.ts';

export type { Device } from '../runtime/runtime.ts';

/**
 * The names are the rows of the table of devices that a model can be trained on; null: the one that is chosen here.
 * Throws MP_RUNTIME, MP_OPTION_VALUE.
 */
export const trainingDevice = (name: TrainingDevice | null = null): Device => nodeDevice(name);

/** The name of the one that is chosen here: two devices add up in other orders. Throws as `trainingDevice`. */
export const deviceName = (): string => chooseDevice().name;
