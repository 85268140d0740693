/** `quantize`: a copy of a model that is run in int8, if int8 agrees with fp32. The work is src/evaluate's. */
import { PyramidError } from '../../errors.ts';
import { QUALITY_NAMES } from '../../evaluate/quality.ts';
import type { Quantized } from '../../measure/quantize.ts';
import { flagOption, numberOption, type OptionTable, textOption } from '../../option.ts';
import type { Command } from '../command.ts';
import {
  type LabelledRowsOptions,
  labelledRowsTable,
  modelAndRows,
  modelOption,
  needModel,
  rowSource,
} from '../options/labelled-rows.ts';
import { counter } from '../output/counter.ts';
import { percent, thousands } from '../output/format.ts';

export interface QuantizeCommandOptions extends LabelledRowsOptions {
  readonly model: string;
  readonly out: string;
  readonly maxDisagreement: number;
  readonly json: boolean;
}

const group = 'Quantizing';

const options: OptionTable<QuantizeCommandOptions> = {
  model: modelOption(group, ''),
  out: textOption({ group, default: '', placeholder: 'DIR', help: 'the folder to write the int8 model to' }),
  maxDisagreement: numberOption({
    group,
    default: 0.01,
    min: 0,
    max: 1,
    help: 'the share of texts whose answer may differ from the fp32 answer',
  }),
  json: flagOption({ group, default: false, help: 'print one JSON object' }),
  ...labelledRowsTable('compare on'),
};

export const quantize: Command<QuantizeCommandOptions> = {
  name: 'quantize',
  summary: 'Make an int8 copy of a model, if it gives the same answers',
  operands: null,
  options,
  examples: [
    {
      line: 'magic-pyramid quantize --model runs/mails --test held-out.csv --out runs/mails-int8',
      what: 'from a file',
    },
    {
      line: 'magic-pyramid quantize --model runs/ag --task ag_news --max-disagreement 0.005 --out runs/ag-int8',
      what: 'at most 1 text in 200 may change',
    },
  ],
  async run({ options, io, services }) {
    const { model, out, maxDisagreement, json } = options;
    needModel(model);
    if (out === '')
      throw new PyramidError('MP_USAGE', { what: '--out is missing', todo: 'give a folder that does not exist' });
    const { dir, rows } = await modelAndRows(model, rowSource(options, 'compare on'), { io, services });
    const progress = counter(io.stderr, 'texts');
    const onProgress = (share: number) => progress.at(share * 2 * rows.examples.length);
    const made = await services.quantize({ model: dir, rows, maxDisagreement, out, onProgress });
    io.stdout.write(json ? `${JSON.stringify(made)}\n` : sentence(made));
  },
};

const qualityInWords = ({ figure, accuracy }: Pick<Quantized, 'figure' | 'accuracy'>): string =>
  figure === undefined
    ? `accuracy ${percent(accuracy.int8)} (${percent(accuracy.fp32)} with fp32)`
    : `${QUALITY_NAMES[figure]} ${accuracy.int8.toFixed(3)} (${accuracy.fp32.toFixed(3)} with fp32)`;

const sentence = ({ out, rows, disagreement, weightBits, tauVoid, ...quality }: Quantized): string =>
  `${out}: int8 (weights of ${weightBits} bits on this machine) answers ${percent(1 - disagreement)} of ${thousands(rows)} texts as fp32 does, ${qualityInWords(quality)}${tauVoid ? `; choose its tau again: magic-pyramid calibrate --model ${out} --max-drop 0.005` : ''}\n`;
