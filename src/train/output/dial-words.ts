/**
 * How a model's tau came about, in words: for the end of `train`, and the model card. Knows nothing of how it is certified or
 * chosen.
 */
import type { QualityName } from '../../evaluate/quality.ts';
import { ROWS_TO_CERTIFY } from '../options/dial-options.ts';
import type { DialChoice } from '../trace/set-dial.ts';

const rowsInWords = (rows: number): string => rows.toLocaleString('en-US');
const percent = (share: number): string => `${Number((100 * share).toFixed(2))} %`;

const pointsInWords = (share: number): string => {
  const points = Number((100 * share).toFixed(2));
  return `${Number.isInteger(points) ? points.toFixed(1) : points} ${points === 1 ? 'point' : 'points'}`;
};

/** What holds of the tau, for a bracket or after a colon. */
export function dialInWords({ certificate }: Pick<DialChoice, 'certificate'>): string {
  if (!certificate) return 'chosen on the validation rows, not certified';
  const { maxRisk, confidence, rows } = certificate;
  return `certified: at most ${pointsInWords(maxRisk)} lost, ${percent(confidence)} confidence, on ${rowsInWords(rows)} calibration rows`;
}

/** The same as sentences, with what to do where it is not certified. `dir`: the model folder. */
export function dialSentences(dial: DialChoice, dir: string, figure: QualityName = 'accuracy'): string[] {
  const { tau, certificate, short } = dial;
  if (certificate) {
    const sets = figure === 'microF1' ? ' A right answer is exactly the labels that a text has.' : '';
    return [`Tau ${tau} is ${dialInWords(dial)}. The loss is counted from the same model run to the end.${sets}`];
  }
  const needed = short?.needed ?? ROWS_TO_CERTIFY;
  const tried = short
    ? [
        `The ${rowsInWords(short.rows)} calibration rows certify no tau${short.needed === null ? '' : `; it takes about ${rowsInWords(short.needed)}`}.`,
      ]
    : [];
  const how =
    tau === null
      ? 'No tau is safe enough on the validation rows, so every text goes to the end'
      : `Tau ${tau} was ${dialInWords(dial)}`;
  if (figure === 'r2') return [`${how}. Numbers are neither right nor wrong, so that no rows can certify it.`];
  return [
    ...tried,
    `${how}; \`magic-pyramid calibrate --model ${dir} --calibration FILE\` certifies ${tau === null ? 'one' : 'it'}, with about ${rowsInWords(needed)} labelled rows that the model was not made with.`,
  ];
}
