/** Writes when a model is unsure into config.json's `pyramid` object, beside the tau that it was made at. */
import { join } from 'node:path';
import { diskFolder } from '../../disk-folder.ts';
import { PyramidError } from '../../errors.ts';
import { jsonObjectIn, readText } from '../../folder.ts';
import { writeAllWhole } from '../../write-whole.ts';
import type { Abstention } from './abstention.ts';
import { type Dial, withoutAbstention } from './dial.ts';
import { withDialSection } from './dial-section.ts';
import { type Dtype, dtypeOf, json, type PyramidInfo } from './model-folder.ts';
import { settingsNow } from './write-tau.ts';

/**
 * Keeps it for `dtype`; null: the model answers every text again. Nothing else of config.json changes, and it is replaced whole or
 * not at all; the model card says it too. Throws MP_USAGE where the folder's tau for that dtype is another one than it was
 * made at, MP_MODEL_CONFIG if there is no `pyramid` object, MP_FILE_MISSING, MP_MODEL_FILE, MP_WRITE.
 */
export async function writeAbstention(
  dir: string,
  dtype: Dtype,
  abstention: Omit<Abstention, 'settings'> | null,
): Promise<void> {
  const path = join(dir, 'config.json');
  const fault = (problem: string, cause?: unknown) => new PyramidError('MP_MODEL_CONFIG', { path, problem }, { cause });
  const text = await readText(diskFolder(dir), 'config.json');
  if (text === null) throw new PyramidError('MP_FILE_MISSING', { path, what: 'file' });
  const raw = jsonObjectIn(text, fault);
  const info = raw.pyramid as PyramidInfo | null | undefined;
  if (typeof info !== 'object' || info === null) throw fault('there is no pyramid object');
  const isOwn = dtype === dtypeOf(info);
  const dial: Dial = isOwn ? info : (info.forDtype?.[dtype] ?? { tau: null });
  if (abstention !== null && dial.tau !== abstention.tau)
    throw new PyramidError('MP_USAGE', {
      what: `it was found at tau ${abstention.tau ?? 'off'}, and the tau of ${dir} for ${dtype} is ${dial.tau ?? 'off'}`,
      todo: 'find it anew',
    });
  const kept = {
    ...withoutAbstention(dial),
    ...(abstention && { abstention: { ...abstention, settings: await settingsNow(dir, undefined, dtype) } }),
  };
  // an entry that was not there is none to be made: it would say that tau is off
  const isMissing = !isOwn && abstention === null && info.forDtype?.[dtype] === undefined;
  const others = isMissing ? info.forDtype : { ...info.forDtype, [dtype]: kept };
  const pyramid = (isOwn ? kept : { ...info, ...(others && { forDtype: others }) }) as PyramidInfo;
  const card = await readText(diskFolder(dir), 'README.md');
  await writeAllWhole([
    ...(card === null ? [] : [{ path: join(dir, 'README.md'), text: withDialSection(card, pyramid) }]),
    { path, text: json({ ...raw, pyramid }) },
  ]);
}
