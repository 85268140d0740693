/** `export`: a model as one file for other runtimes, or as a folder for transformers.js. The work is src/export's. */
import { PyramidError } from '../../errors.ts';
import type { Exported } from '../../export/export-model.ts';
import type { ExportedFolder } from '../../export/transformers-js.ts';
import { choiceOption, flagOption, type OptionTable, textOption } from '../../option.ts';
import type { Dtype } from '../../pyramid/folder/model-folder.ts';
import type { Command } from '../command.ts';
import { dtypeOption } from '../options/engine-options.ts';
import { modelOption, needModel } from '../options/labelled-rows.ts';
import { engineTau, type TauOption, tauOption } from '../options/tau-option.ts';
import { showDownloads } from '../output/progress.ts';

export const EXPORT_FORMS = ['onnx', 'transformers.js'] as const;
export type ExportForm = (typeof EXPORT_FORMS)[number];

export interface ExportCommandOptions {
  readonly model: string;
  readonly to: ExportForm;
  readonly out: string;
  readonly tau: TauOption;
  readonly dtype: Dtype | null;
  readonly json: boolean;
}

const group = 'Exporting';

const options: OptionTable<ExportCommandOptions> = {
  model: modelOption(group, ''),
  to: choiceOption<ExportForm>({
    group,
    default: 'onnx',
    choices: EXPORT_FORMS,
    help: 'onnx: the whole pyramid as one ONNX file of standard operators, for any runtime; transformers.js: a folder that its pipelines open',
  }),
  out: textOption({ group, default: '', placeholder: 'PATH', help: 'the file to write, or the folder' }),
  tau: {
    ...tauOption(group),
    help: "build this tau in, 0 to 1 or off (default: with onnx tau is an input, with transformers.js the model's own is built in)",
  },
  dtype: dtypeOption(group),
  json: flagOption({ group, default: false, help: 'print one JSON object' }),
};

export const exportCommand: Command<ExportCommandOptions> = {
  name: 'export',
  summary: 'Write a model in a form that other runtimes read',
  operands: null,
  options,
  examples: [
    { line: 'magic-pyramid export --model runs/mails --to onnx --out mails.onnx', what: 'tau is an input' },
    {
      line: 'magic-pyramid export --model runs/mails --to onnx --tau 0.2 --dtype int8 --out mails.onnx',
      what: 'tau built in, int8 products',
    },
    { line: 'magic-pyramid export --model runs/mails --to transformers.js --out mails-js', what: 'for its pipelines' },
  ],
  async run({ options: { model, to, out, tau, dtype, json }, io, services }) {
    needModel(model);
    if (out === '') throw new PyramidError('MP_USAGE', { what: '--out is missing', todo: 'name what to write' });
    if (to === 'transformers.js' && dtype !== null)
      throw new PyramidError('MP_USAGE', {
        what: '--dtype was given, and a folder for transformers.js has both',
        todo: 'leave it out',
      });
    const dir = await showDownloads(io.stderr, (onEvent) => services.model(model, onEvent));
    const options = { model: dir, out, ...(tau !== null && { tau: engineTau(tau) }) };
    const write = (made: object, words: string) => io.stdout.write(json ? `${JSON.stringify(made)}\n` : words);
    if (to === 'transformers.js') {
      const made = await services.exportTransformersJs(options);
      write(made, folderSentence(made));
    } else {
      const made = await services.exportOnnx({ ...options, ...(dtype !== null && { dtype }) });
      write(made, sentence(made));
    }
  },
};

const sentence = ({ out, bytes, dtype, tau }: Exported): string =>
  `${out}: ${(bytes / 1e6).toFixed(1)} MB, ${dtype}, ${tau === undefined ? 'tau is an input' : `tau ${tau ?? 'off'} built in`}\n`;

const folderSentence = ({ out, taus: { fp32, int8 } }: ExportedFolder): string =>
  `${out}: onnx/model.onnx with tau ${fp32 ?? 'off'} built in, onnx/model_quantized.onnx with tau ${int8 ?? 'off'}${int8 === null && fp32 !== null ? '; no tau was chosen for int8: choose one (magic-pyramid calibrate --dtype int8), or give --tau' : ''}\n`;
