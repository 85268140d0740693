/** Reads the parts of a network from a folder on this machine's disk. */
import { diskFolder } from '../disk-folder.ts';
import { type LoadedWeights, weightsOf } from './checkpoint.ts';
import { configOf, type EncoderConfig } from './config.ts';

/** `dir`/config.json, see `configOf`. */
export const readConfig = (dir: string): Promise<EncoderConfig> => configOf(diskFolder(dir));

/** The weights of `dir`, see `weightsOf`. */
export const readWeights = (dir: string, config: EncoderConfig, options?: { seed?: number }): Promise<LoadedWeights> =>
  weightsOf(diskFolder(dir), config, options);
