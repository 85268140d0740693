/** `export`: a model as one file for other runtimes. The work is src/export's. */
import { PyramidError } from '../../errors.ts';
import type { Exported } from '../../export/export-model.ts';
import { choiceOption, flagOption, type OptionTable, textOption } from '../../option.ts';
import type { Dtype } from '../../pyramid/folder/model-folder.ts';
import type { Command } from '../command.ts';
import { dtypeOption } from '../options/engine-options.ts';
import { modelOption, needModel } from '../options/labelled-rows.ts';
import { engineTau, type TauOption, tauOption } from '../options/tau-option.ts';
import { showDownloads } from '../output/progress.ts';

export const EXPORT_FORMS = ['onnx'] as const;
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
    help: 'onnx: the whole pyramid as one ONNX file of standard operators, for any runtime',
  }),
  out: textOption({ group, default: '', placeholder: 'PATH', help: 'the file to write' }),
  tau: { ...tauOption(group), help: 'build this tau in, 0 to 1 or off (default: tau is an input of the file)' },
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
  ],
  async run({ options: { model, out, tau, dtype, json }, io, services }) {
    needModel(model);
    if (out === '') throw new PyramidError('MP_USAGE', { what: '--out is missing', todo: 'name the file to write' });
    const dir = await showDownloads(io.stderr, (onEvent) => services.model(model, onEvent));
    const made = await services.exportOnnx({
      model: dir,
      out,
      ...(tau !== null && { tau: engineTau(tau) }),
      ...(dtype !== null && { dtype }),
    });
    io.stdout.write(json ? `${JSON.stringify(made)}\n` : sentence(made));
  },
};

const sentence = ({ out, bytes, dtype, tau }: Exported): string =>
  `${out}: ${(bytes / 1e6).toFixed(1)} MB, ${dtype}, ${tau === undefined ? 'tau is an input' : `tau ${tau ?? 'off'} built in`}\n`;
