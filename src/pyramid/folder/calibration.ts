/** Writes what is chosen after training, tau and the layers to ask, into config.json's `pyramid` object. */
import { join } from 'node:path';
import { diskFolder } from '../../disk-folder.ts';
import { hasNetwork, parseConfig } from '../../encoder/index.ts';
import { PyramidError } from '../../errors.ts';
import { jsonObjectIn, readText } from '../../folder.ts';
import { writeWhole } from '../../write-whole.ts';
import { type Calibration, dtypeOf, json, type PyramidInfo } from './model-folder.ts';

export type { Calibration };

/**
 * Keeps `tau` for what the calibration was run in: as the folder's own if it is run in that, else beside it; and with
 * `asked` which heads of layers 1..L−1 are asked, see planPeeks of src/evaluate. config.json is replaced whole or not at all; nothing else of it changes.
 * Throws MP_MODEL_CONFIG if there is no `pyramid` object, MP_MODEL_HEADS, MP_FILE_MISSING, MP_MODEL_FILE, MP_WRITE.
 */
export async function writeTau(
  dir: string,
  tau: number | null,
  calibration: Calibration,
  asked?: readonly boolean[],
): Promise<void> {
  const { dtype } = calibration;
  const path = join(dir, 'config.json');
  const fault = (problem: string, cause?: unknown) => new PyramidError('MP_MODEL_CONFIG', { path, problem }, { cause });
  const text = await readText(diskFolder(dir), 'config.json');
  if (text === null) throw new PyramidError('MP_FILE_MISSING', { path, what: 'file' });
  const raw = jsonObjectIn(text, fault);
  const info = raw.pyramid as PyramidInfo | null | undefined;
  if (typeof info !== 'object' || info === null) throw fault('there is no pyramid object');
  const hasFloorExit = info.floor !== undefined && hasNetwork(parseConfig(raw, path));
  if (info.exitHead === 'none' && !hasFloorExit) throw new PyramidError('MP_MODEL_HEADS', { method: info.method });
  const chosen = { tau, calibration };
  const pyramid = {
    ...info,
    ...(dtype === dtypeOf(info) ? chosen : { forDtype: { ...info.forDtype, [dtype]: chosen } }),
    ...(asked && { asked }),
  };
  await writeWhole(path, json({ ...raw, pyramid }));
}
