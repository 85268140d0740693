/**
 * Changes the `pyramid` object of a model folder on the disk: read, changed, and written with the model card whole or not at all.
 * Nothing else of config.json changes. Knows nothing of what is changed.
 */
import { join } from 'node:path';
import { diskFolder } from '../../disk-folder.ts';
import { PyramidError } from '../../errors.ts';
import { jsonObjectIn, readText } from '../../folder.ts';
import { writeAllWhole } from '../../write-whole.ts';
import { withDialSection } from './dial-section.ts';
import { json, type PyramidInfo } from './model-folder.ts';

/** config.json as it is, not checked, and where it is. */
export interface StoredPyramid {
  readonly info: PyramidInfo;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly path: string;
}

/** Throws MP_MODEL_CONFIG if there is no `pyramid` object, MP_FILE_MISSING, MP_MODEL_FILE, MP_WRITE, and what `change` throws. */
export async function changePyramid(
  dir: string,
  change: (stored: StoredPyramid) => Promise<PyramidInfo>,
): Promise<void> {
  const path = join(dir, 'config.json');
  const fault = (problem: string, cause?: unknown) => new PyramidError('MP_MODEL_CONFIG', { path, problem }, { cause });
  const text = await readText(diskFolder(dir), 'config.json');
  if (text === null) throw new PyramidError('MP_FILE_MISSING', { path, what: 'file' });
  const raw = jsonObjectIn(text, fault);
  const info = raw.pyramid as PyramidInfo | null | undefined;
  if (typeof info !== 'object' || info === null) throw fault('there is no pyramid object');
  const pyramid = await change({ info, raw, path });
  const card = await readText(diskFolder(dir), 'README.md');
  await writeAllWhole([
    ...(card === null ? [] : [{ path: join(dir, 'README.md'), text: withDialSection(card, pyramid) }]),
    { path, text: json({ ...raw, pyramid }) },
  ]);
}
