/** `hub push`: a model folder goes to the Hugging Face hub. The work is src/hub's. */
import { PyramidError } from '../../../errors.ts';
import { customOption, flagOption, type OptionTable, textOption } from '../../../option.ts';
import { readFiles } from '../../../train/options/option-values.ts';
import type { Command } from '../../command.ts';
import { count } from '../../output/format.ts';

export interface HubPushCommandOptions {
  readonly model: string;
  readonly to: string;
  readonly private: boolean;
  readonly revision: string;
  readonly message: string;
  readonly include: readonly string[];
  readonly json: boolean;
}

const group = 'Uploading';

const options: OptionTable<HubPushCommandOptions> = {
  model: textOption({ group, default: '', placeholder: 'DIR', help: 'the model folder' }),
  to: textOption({
    group,
    default: '',
    placeholder: 'OWNER/NAME',
    help: 'the repository on the hub; it is made where it is missing',
    aliases: ['hub_model_id'],
  }),
  private: flagOption({
    group,
    default: false,
    help: 'only its owner may read a repository that is made; one that is public already is refused',
  }),
  revision: textOption({
    group,
    default: 'main',
    placeholder: 'BRANCH',
    help: 'the branch; it is made where it is missing',
  }),
  message: textOption({ group, default: 'Upload a model of magic-pyramid', help: "the commit's title" }),
  include: customOption<readonly string[]>({
    group,
    default: [],
    placeholder: 'FILE...',
    repeatable: true,
    expected: 'one or more names of files, or patterns of them',
    read: readFiles,
    help: 'files that are uploaded too, or patterns of their names: report.html, report.json and examples.json, which hold texts of rows, and files that no model has, are left out',
  }),
  json: flagOption({ group, default: false, help: 'print one JSON object' }),
};

export const hubPush: Command<HubPushCommandOptions> = {
  name: 'hub push',
  summary: 'Upload a model folder to the Hugging Face hub, with its card and its validation trace',
  operands: null,
  options,
  examples: [
    { line: 'magic-pyramid hub push --model runs/mails --to me/mails', what: 'the token is in HF_TOKEN' },
    {
      line: 'magic-pyramid hub push --model runs/mails --to me/mails --private --include report.html',
      what: 'for its owner alone, with the report',
    },
  ],
  async run({ options: { model, to, json, ...rest }, io, services }) {
    const missing = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });
    if (model === '') throw missing('--model is missing', 'give a model folder');
    if (to === '') throw missing('--to is missing', 'name the repository, OWNER/NAME');
    const pushed = await services.pushModel({ dir: model, to, ...rest }, (files) => {
      const bytes = files.reduce((sum, { size }) => sum + size, 0);
      io.stderr.write(`${to}: uploading ${count(files.length, 'file')}, ${(bytes / 1e6).toFixed(1)} MB\n`);
    });
    const { url, created, leftOut, removed } = pushed;
    if (json) {
      io.stdout.write(`${JSON.stringify(pushed)}\n`);
      return;
    }
    if (leftOut.length > 0)
      io.stderr.write(`left out, since they may hold texts of rows: ${some(leftOut)} (--include uploads them too)\n`);
    if (removed.length > 0) io.stderr.write(`removed, since this model has no such file: ${some(removed)}\n`);
    io.stdout.write(`${url}: uploaded${created ? ', to a repository that is new' : ''}\n`);
  },
};

const some = (names: readonly string[]): string =>
  names.slice(0, 12).join(', ') + (names.length > 12 ? ` and ${names.length - 12} more` : '');
