/** Writes when a model is unsure into config.json's `pyramid` object, beside the tau that it was made at. */
import { PyramidError } from '../../errors.ts';
import type { Abstention } from './abstention.ts';
import { changePyramid } from './change-pyramid.ts';
import { type Dial, withoutAbstention } from './dial.ts';
import { type Dtype, dtypeOf, type PyramidInfo } from './model-folder.ts';
import { settingsNow } from './write-tau.ts';

/**
 * Keeps it for `dtype`; null: the model answers every text again. The model card says it too. Throws MP_USAGE where the folder's tau
 * for that dtype is another one than it was made at, and as `changePyramid`.
 */
export const writeAbstention = (
  dir: string,
  dtype: Dtype,
  abstention: Omit<Abstention, 'settings'> | null,
): Promise<void> =>
  changePyramid(dir, async ({ info }) => {
    const isOwn = dtype === dtypeOf(info);
    const entry: Dial | undefined = isOwn ? info : info.forDtype?.[dtype];
    const tau = entry?.tau ?? null;
    if (abstention !== null && tau !== abstention.tau)
      throw new PyramidError('MP_USAGE', {
        what: `it was found at tau ${abstention.tau ?? 'off'}, and the tau of ${dir} for ${dtype} is ${tau ?? 'off'}`,
        todo: 'find it anew',
      });
    // an entry that is not there is none to be made: it would say that tau is off
    if (abstention === null && entry === undefined) return info;
    const kept = {
      ...withoutAbstention(entry ?? { tau }),
      ...(abstention && { abstention: { ...abstention, settings: await settingsNow(dir, undefined, dtype) } }),
    };
    return (isOwn ? kept : { ...info, forDtype: { ...info.forDtype, [dtype]: kept } }) as PyramidInfo;
  });
