/**
 * What the end of `train` says of the dial: how tau came about (tau-words.ts), and what to do where it is not certified. Knows nothing
 * of how it is certified or chosen.
 */
import type { QualityName } from '../../evaluate/quality.ts';
import { tauSentence } from '../../pyramid/folder/tau-words.ts';
import { ROWS_TO_CERTIFY } from '../options/dial-options.ts';
import type { DialChoice } from '../trace/set-dial.ts';

const rowsInWords = (rows: number): string => rows.toLocaleString('en-US');

/** `dir`: the model folder. */
export function dialSentences(dial: DialChoice, dir: string, figure: QualityName = 'accuracy'): string[] {
  const { tau, from, certificate, short } = dial;
  const own = tauSentence({ tau, tauFrom: from, certificate });
  if (certificate) {
    const sets = figure === 'microF1' ? ' A right answer is exactly the labels that a text has.' : '';
    return [`${own}.${sets}`];
  }
  const needed = short?.needed ?? ROWS_TO_CERTIFY;
  const tried = short
    ? [
        `The ${rowsInWords(short.rows)} calibration rows certify no tau${short.needed === null ? '' : `; it takes about ${rowsInWords(short.needed)}`}.`,
      ]
    : [];
  const how = tau === null ? 'No tau is safe enough on the validation rows, so every text goes to the end' : own;
  if (figure === 'r2') return [`${how}. Numbers are neither right nor wrong, so that no rows can certify it.`];
  return [
    ...tried,
    `${how}; \`magic-pyramid calibrate --model ${dir} --calibration FILE\` certifies ${tau === null ? 'one' : 'it'}, with about ${rowsInWords(needed)} labelled rows that the model was not made with.`,
  ];
}
