/** Which `format` the `pyramid` object of config.json has, by what is in it, and whether its exit temperatures can be used. */
import type { EncoderConfig } from '../../encoder/index.ts';
import { quoted } from '../../errors.ts';
import { hasUncertainty } from '../exits/exit-rule.ts';
import type { PyramidInfo } from './pyramid-info.ts';

/** Of a temperature: beyond it a logit would be no answer any more. */
const MOST = 1e4;

/**
 * 1; 2 with `floor`, whose logits are summed into every exit; 3 with `exitTemperatures`. A reader of a lower one would answer
 * without them: without floor 0 other answers and exits, without temperatures other scores.
 */
export const formatOf = ({
  floor,
  exitTemperatures,
}: Pick<PyramidInfo, 'floor' | 'exitTemperatures'>): PyramidInfo['format'] => (exitTemperatures ? 3 : floor ? 2 : 1);

/** In words, that the format and what there is do not belong together; null: they do. */
export function formatFault(info: PyramidInfo): string | null {
  const { format, floor, exitTemperatures } = info;
  if (format === formatOf(info)) return null;
  const found =
    (format === 3) === (exitTemperatures !== undefined)
      ? `there is ${floor ? 'a' : 'no'} pyramid.floor`
      : `there are ${exitTemperatures ? '' : 'no '}pyramid.exitTemperatures`;
  return `pyramid.format is ${format}, and ${found}`;
}

/** In words, why the exit temperatures of a folder cannot be used; null: they can, or there are none. */
export function temperaturesFault(
  { layers, problemType }: Pick<EncoderConfig, 'layers' | 'problemType'>,
  { exitTemperatures: stored }: Pick<PyramidInfo, 'exitTemperatures'>,
): string | null {
  if (stored === undefined) return null;
  const fits =
    Array.isArray(stored) &&
    stored.length === layers &&
    stored.every((one) => typeof one === 'number' && one > 0 && one <= MOST);
  if (!fits)
    return `pyramid.exitTemperatures is ${quoted(stored)}, not a number above 0 and up to ${MOST} for each of ${layers} layers`;
  if (hasUncertainty(problemType)) return null;
  return `there are pyramid.exitTemperatures, and the answers of a ${problemType} model have no uncertainty to be tempered`;
}
