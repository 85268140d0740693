/**
 * What a checkpoint or a stage file says in its header, checked before it is believed: files are copied half, edited and
 * damaged, and a run must not go on from what is none of its own. Knows nothing of tensors' values.
 */
import type { StoredTensor } from '../../encoder/index.ts';
import { PyramidError } from '../../errors.ts';
import type { Progress } from './run-checkpoint.ts';

export const damaged = (path: string, problem: string, cause?: unknown): PyramidError =>
  new PyramidError('MP_MODEL_FILE', { path, problem }, { cause });

/** The JSON value of a header's entry. Throws MP_MODEL_FILE unless it is one that `fits`. */
export function headerValue<T>(
  metadata: Readonly<Record<string, unknown>>,
  key: string,
  path: string,
  fits: (value: unknown) => value is T,
): T {
  const text = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
  let value: unknown;
  try {
    value = JSON.parse(String(text));
  } catch (cause) {
    throw damaged(path, `its header has no readable "${key}"`, cause);
  }
  if (!fits(value)) throw damaged(path, `its header's "${key}" is not what a run writes`);
  return value;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isTexts = (value: unknown): value is Record<string, string> =>
  isRecord(value) && Object.values(value).every((text) => typeof text === 'string');

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isAmount = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);

export function isProgress(value: unknown): value is Progress {
  if (!isRecord(value) || !isRecord(value.position)) return false;
  const { position, lossSum, seconds, decay, history } = value;
  if (![position.stage, position.epoch, position.batch].every(isCount)) return false;
  if (!isAmount(lossSum) || !isAmount(seconds) || !Array.isArray(history)) return false;
  if (decay !== undefined && !(typeof decay === 'number' && decay > 0 && decay <= 1)) return false;
  return history.every(
    (epoch) =>
      isRecord(epoch) &&
      epoch.kind === 'epoch' &&
      typeof epoch.stage === 'string' &&
      isCount(epoch.epoch) &&
      isAmount(epoch.loss) &&
      isAmount(epoch.seconds) &&
      (epoch.validation === null || (isRecord(epoch.validation) && Object.values(epoch.validation).every(isAmount))),
  );
}

/** A tensor of so many values. Throws MP_MODEL_FILE. */
export function storedValues(
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
  values: number,
  path: string,
): Float32Array {
  const data = tensors.get(name)?.data;
  if (!data) throw damaged(path, `it has no tensor "${name}"`);
  if (data.length !== values) throw damaged(path, `tensor "${name}" has ${data.length} values where ${values} belong`);
  return data;
}
