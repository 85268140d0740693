/** Writes what is chosen after training, the halt value and the layers to ask, into config.json's `pyramid` object. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PyramidError } from '../errors.ts';
import { writeWhole } from '../write-whole.ts';
import { type Calibration, dtypeOf, json, type PyramidInfo } from './model-folder.ts';

export type { Calibration };

/**
 * Keeps `tau` for what the calibration was run in: as the folder's own if it is run in that, else beside it; and with
 * `asked` which heads of layers 1..L−1 are asked, see planPeeks of src/evaluate. config.json is replaced whole or not at all; nothing else of it changes.
 * Throws MP_MODEL_CONFIG if there is no `pyramid` object, MP_MODEL_HEADS, MP_FILE_MISSING, MP_WRITE.
 */
export async function writeTau(
  dir: string,
  tau: number | null,
  calibration: Calibration,
  asked?: readonly boolean[],
): Promise<void> {
  const { dtype } = calibration;
  const path = join(dir, 'config.json');
  const config = await readJson(path);
  const info = config.pyramid as PyramidInfo | undefined;
  if (!info) throw new PyramidError('MP_MODEL_CONFIG', { path, problem: 'there is no pyramid object' });
  if (info.exitHead === 'none') throw new PyramidError('MP_MODEL_HEADS', { method: info.method });
  const chosen = { tau, calibration };
  const pyramid = {
    ...info,
    ...(dtype === dtypeOf(info) ? chosen : { forDtype: { ...info.forDtype, [dtype]: chosen } }),
    ...(asked && { asked }),
  };
  await writeWhole(path, json({ ...config, pyramid }));
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new PyramidError('MP_FILE_MISSING', { path, what: 'file' }, { cause });
  }
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new PyramidError('MP_MODEL_CONFIG', { path, problem: 'it is not JSON' }, { cause });
  }
}
