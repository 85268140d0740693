/** A model without its weights, checked: what is known of it before the network is there, and floor 0 where it has one. */
import { PyramidError } from '../errors.ts';
import { pathIn } from '../folder.ts';
import { type Dtype, dtypeOf, infoFor, type PyramidModel } from '../pyramid/folder/model-folder.ts';
import type { DeviceSpec } from '../runtime/devices.ts';
import type { Tokenizer } from '../text/tokenizer/tokenizer.ts';
import { roomOf } from '../text/tokenizer/windows.ts';
import { FloorExit } from './floor-exit.ts';
import type { ModelDescription } from './workers/messages.ts';

export interface DescribedModel extends Omit<ModelDescription, 'weightBits'> {
  /** Null: the model has no floor 0. */
  readonly floorExit: FloorExit | null;
}

/**
 * `dtype` null: what the folder prefers; `path` is the folder, for messages. Throws MP_MODEL_VOCABULARY and MP_MODEL_CONFIG
 * for a tokenizer of another size, and MP_OPTION_VALUE for int8 on a device without it.
 */
export function describeModel(
  { config, info: stored, headSettings, floor }: Pick<PyramidModel, 'config' | 'info' | 'headSettings' | 'floor'>,
  tokenizer: Tokenizer,
  dtype: Dtype | null,
  spec: Pick<DeviceSpec, 'int8' | 'summary'>,
  path: string,
): DescribedModel {
  const { vocabularySize: rows } = config;
  if (tokenizer.vocabularySize > rows) {
    throw new PyramidError('MP_MODEL_VOCABULARY', { path, pieces: tokenizer.vocabularySize, rows });
  }
  if (floor && floor.info.vocabulary !== tokenizer.vocabularySize) {
    throw new PyramidError('MP_MODEL_CONFIG', {
      path: pathIn(path, 'config.json'),
      problem: `pyramid.floor.vocabulary is ${floor.info.vocabulary}, and the tokenizer has ${tokenizer.vocabularySize} pieces`,
    });
  }
  const chosen = dtype ?? dtypeOf(stored);
  if (chosen === 'int8' && !spec.int8) {
    const expected = `fp32: ${spec.summary} has no integer products`;
    throw new PyramidError('MP_OPTION_VALUE', { option: 'dtype', value: chosen, expected });
  }
  const info = infoFor(stored, chosen);
  const voidTau = info.forDtype?.[chosen] || info.tau !== null ? null : stored.tau;
  const floorExit = floor && new FloorExit({ floor, tokenizer, config, info });
  const room = roomOf(tokenizer.around, info.maxLength);
  return { floorExit, config, info, headSettings, sum: floorExit?.sum ?? null, dtype: chosen, voidTau, room };
}
