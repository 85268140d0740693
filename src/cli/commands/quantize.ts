/** `quantize`: a copy of a model that is run in int8, if int8 agrees with fp32. The work is src/evaluate's. */
import { PyramidError } from '../../errors.ts';
import type { Quantized } from '../../evaluate/quantize.ts';
import { flagOption, numberOption, type OptionTable, textOption } from '../../option.ts';
import { trainTable } from '../../train/defaults.ts';
import type { Command } from '../command.ts';
import { counter } from '../counter.ts';
import { percent, thousands } from '../format.ts';
import { showDownloads } from '../progress.ts';

export interface QuantizeCommandOptions {
  readonly model: string;
  readonly out: string;
  readonly maxDisagreement: number;
  readonly json: boolean;
  readonly task: string | null;
  readonly dataDir: string | null;
  readonly test: string | null;
  readonly text: string | null;
  readonly pair: string | null;
  readonly label: string | null;
}

const group = 'Quantizing';
const { task, dataDir, test, text, pair, label } = trainTable;

const options: OptionTable<QuantizeCommandOptions> = {
  model: textOption({
    group,
    default: '',
    placeholder: 'DIR|HUB-ID',
    help: 'the model folder, or its name on the Hugging Face hub',
    aliases: ['model_name_or_path'],
  }),
  out: textOption({ group, default: '', placeholder: 'DIR', help: 'the new folder' }),
  maxDisagreement: numberOption({
    group,
    default: 0.01,
    min: 0,
    max: 1,
    help: 'the share of the texts that may be answered otherwise than by fp32',
  }),
  json: flagOption({ group, default: false, help: 'print one JSON object' }),
  task,
  dataDir,
  test: { ...test, help: 'labelled rows to compare on: csv, tsv, jsonl or parquet, instead of --task' },
  text,
  pair,
  label,
};

export const quantize: Command<QuantizeCommandOptions> = {
  name: 'quantize',
  summary: 'Copy a model into one that is run in int8, if it answers as before',
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
    const { model, out, maxDisagreement, json, test: file, ...source } = options;
    const usage = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });
    if (model === '') throw usage('--model is missing', 'give a model folder');
    if (out === '') throw usage('--out is missing', 'give a folder that does not exist');
    if ((source.task === null) === (file === null)) {
      throw file === null
        ? usage('no rows to compare on were named', 'give --test with a file, or --task with a name')
        : usage('both --task and --test were given', 'leave one of them out');
    }
    const { dir, rows } = await showDownloads(io.stderr, async (onEvent) => {
      const dir = await services.model(model, onEvent);
      return { dir, rows: await services.labelledRows({ ...source, file }, dir, onEvent) };
    });
    const progress = counter(io.stderr, 'texts');
    const onProgress = (share: number) => progress.at(share * 2 * rows.examples.length);
    const made = await services.quantize({ model: dir, rows, maxDisagreement, out, onProgress });
    io.stdout.write(json ? `${JSON.stringify(made)}\n` : sentence(made));
  },
};

const sentence = ({ out, rows, disagreement, accuracy, weightBits, tauVoid }: Quantized): string =>
  `${out}: int8 (weights of ${weightBits} bits on this machine) answers ${percent(1 - disagreement)} of ${thousands(rows)} texts as fp32 does, accuracy ${percent(accuracy.int8)} (${percent(accuracy.fp32)} with fp32)${tauVoid ? `; its tau is to be chosen anew: magic-pyramid calibrate --model ${out} --max-drop 0.005` : ''}\n`;
