/** Writes a tau, how it came about and the layers to ask into config.json's `pyramid` object, after training. */
import { type EncoderConfig, hasNetwork, parseConfig } from '../../encoder/index.ts';
import { PyramidError } from '../../errors.ts';
import type { Certificate } from './certificate.ts';
import { changePyramid } from './change-pyramid.ts';
import type { Calibration, Dial } from './dial.ts';
import { dialProblem, withoutDial } from './dial.ts';
import { readModelFolder } from './disk-model.ts';
import { settingsOf, voidByConfig } from './frozen.ts';
import { type Dtype, dtypeOf, type PyramidInfo } from './model-folder.ts';
import { readInfo } from './pyramid-info.ts';

/** What is known of a new tau. */
export interface NewDial {
  readonly tau: number | null;
  /** What the rows were run in: the tau holds for this. */
  readonly dtype: Dtype;
  /** Left out: it was chosen. */
  readonly certificate?: Omit<Certificate, 'settings'>;
  /** Left out where the rows had no labels. */
  readonly calibration?: Calibration;
  /** [L−1]: which heads are asked from now on, see planPeeks of src/evaluate; left out: as before. */
  readonly asked?: readonly boolean[];
}

/**
 * Keeps a tau: as the folder's own if it is for the folder's dtype, else beside it. What stood there of an older tau goes, but for its
 * abstention, which is void with another tau and says so when the model is loaded. The model card says it too. A certificate gets the
 * fingerprint of the folder as it then is. Where other heads are asked from now on, certificates of other dtypes go, since they hold
 * no longer. Throws MP_USAGE for a dial that is not of this model, MP_MODEL_HEADS, and as `changePyramid`.
 */
export const writeTau = (
  dir: string,
  { tau, dtype, certificate, calibration, asked: wanted }: NewDial,
): Promise<void> =>
  changePyramid(dir, async ({ info, raw, path }) => {
    const hasFloorExit = info.floor !== undefined && hasNetwork(parseConfig(raw, path));
    if (info.exitHead === 'none' && !hasFloorExit) throw new PyramidError('MP_MODEL_HEADS', { method: info.method });
    // where nothing is said all heads are asked: certificates for that keep holding
    const asked = info.asked === undefined && wanted?.every(Boolean) ? undefined : wanted;
    const isOwn = dtype === dtypeOf(info);
    const before: Dial | undefined = isOwn ? info : info.forDtype?.[dtype];
    const dial: Dial = {
      tau,
      tauFrom: certificate ? 'certified' : 'chosen',
      ...(before?.abstention && { abstention: before.abstention }),
      ...(calibration && { calibration }),
      ...(certificate && { certificate: { ...certificate, settings: await settingsNow(dir, asked, dtype) } }),
    };
    needFitting(dir, dial, asked, certificate || asked ? parseConfig(raw, path) : { layers: 0, labels: [] });
    const written: PyramidInfo = {
      ...(isOwn ? { ...withoutDial(info), ...dial } : { ...info, forDtype: { ...info.forDtype, [dtype]: dial } }),
      ...(asked && { asked }),
    };
    return asked ? stillCertified(written, dtype, parseConfig({ ...raw, pyramid: written }, path), path) : written;
  });

/** Throws MP_USAGE: a folder with such a dial could not be read. `of` matters for a certificate and for `asked`. */
function needFitting(
  dir: string,
  dial: Dial,
  asked: readonly boolean[] | undefined,
  of: Pick<EncoderConfig, 'layers' | 'labels'>,
): void {
  const { layers } = of;
  const problem =
    asked && asked.length !== Math.max(0, layers - 1)
      ? `there are ${asked.length} exit heads to ask or not, and the model has ${layers} layers`
      : dialProblem('pyramid', dial, of);
  if (problem !== null)
    throw new PyramidError('MP_USAGE', {
      what: `this tau is not of ${dir}: ${problem}`,
      todo: 'use rows or a trace of this very model',
    });
}

/** `written` with the certificates that hold; the dial for `fresh` was just made. */
function stillCertified(written: PyramidInfo, fresh: Dtype, config: EncoderConfig, path: string): PyramidInfo {
  const info = readInfo(config, path);
  const kept = <T extends Dial>(dial: T, dtype: Dtype): T => {
    const { certificate, tau } = dial;
    if (dtype === fresh || !certificate || voidByConfig(certificate, tau, config, info, dtype) === null) return dial;
    const { certificate: _, ...rest } = dial;
    return { ...rest, tauFrom: 'chosen' } as unknown as T;
  };
  const others = Object.entries(written.forDtype ?? {}).map(([dtype, dial]) => [dtype, kept(dial, dtype as Dtype)]);
  return {
    ...kept(written, dtypeOf(written)),
    ...(written.forDtype && { forDtype: Object.fromEntries(others) }),
  };
}

/** Fingerprint of the folder as it is, with other heads asked where `asked` says so. Throws as reading does. */
export async function settingsNow(dir: string, asked: readonly boolean[] | undefined, dtype: Dtype): Promise<string> {
  const model = await readModelFolder(dir);
  return settingsOf({ ...model, info: { ...model.info, ...(asked && { asked }) } }, dtype);
}
