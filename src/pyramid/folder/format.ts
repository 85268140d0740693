/** Which `format` the `pyramid` object of config.json has, by what is in it, and whether its exit temperatures can be used. */
import type { EncoderConfig } from '../../encoder/index.ts';
import { quoted } from '../../errors/kind.ts';
import type { PyramidInfo } from './pyramid-info.ts';

/** Of a temperature: beyond it a logit would be no answer any more. */
const MOST = 1e4;

/**
 * 1; 2 with `floor`, whose logits are summed into every exit; 3 with `exitTemperatures`; 4 with `labelThresholds` or
 * `valueSpread`. A reader of a lower one would answer without them: without floor 0 other answers and exits, without temperatures
 * other scores, without the last other labels or no exits.
 */
export const formatOf = ({
  floor,
  exitTemperatures,
  labelThresholds,
  valueSpread,
}: Pick<PyramidInfo, 'floor' | 'exitTemperatures' | 'labelThresholds' | 'valueSpread'>): PyramidInfo['format'] =>
  labelThresholds || valueSpread !== undefined ? 4 : exitTemperatures ? 3 : floor ? 2 : 1;

/** In words, that the format and what there is do not belong together; null: they do. */
export function formatFault(info: PyramidInfo): string | null {
  const { format, floor, exitTemperatures } = info;
  if (format === formatOf(info)) return null;
  if ((format === 4) !== (formatOf(info) === 4)) {
    const found =
      format === 4
        ? 'neither pyramid.labelThresholds nor'
        : info.labelThresholds
          ? 'pyramid.labelThresholds, not'
          : 'a';
    return `pyramid.format is ${format}, and there is ${found} pyramid.valueSpread`;
  }
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
  if (problemType !== 'regression') return null;
  return 'there are pyramid.exitTemperatures, and the answers of a regression model are numbers, which have no temperature';
}

/** In words, why thresholds or spread of a folder do not fit what its model answers with; null: they do, or there are none. */
export function answersFault(
  { layers, labels, problemType }: Pick<EncoderConfig, 'layers' | 'labels' | 'problemType'>,
  { labelThresholds, valueSpread, exitHead }: Pick<PyramidInfo, 'labelThresholds' | 'valueSpread' | 'exitHead'>,
): string | null {
  if (labelThresholds !== undefined) {
    if (problemType !== 'multi_label_classification')
      return `there are pyramid.labelThresholds, and the model is a ${problemType}`;
    const fits =
      Array.isArray(labelThresholds) &&
      labelThresholds.length === labels.length &&
      labelThresholds.every((one) => typeof one === 'number' && one > 0 && one < 1);
    if (!fits)
      return `pyramid.labelThresholds is ${quoted(labelThresholds)}, not a number above 0 and below 1 for each of ${labels.length} labels`;
  }
  if (valueSpread !== undefined) {
    if (problemType !== 'regression') return `there is a pyramid.valueSpread, and the model is a ${problemType}`;
    if (!(typeof valueSpread === 'number' && valueSpread > 0 && Number.isFinite(valueSpread)))
      return `pyramid.valueSpread is ${quoted(valueSpread)}, not a number above 0`;
  }
  if (problemType !== 'regression' || exitHead === 'none' || layers < 2) return null;
  if (labels.length !== 1)
    return `pyramid.exitHead is "${exitHead}", and the model gives ${labels.length} numbers: exit heads are for one`;
  return valueSpread === undefined
    ? `pyramid.exitHead is "${exitHead}" for a regression, and there is no pyramid.valueSpread to tell when two exits agree`
    : null;
}
