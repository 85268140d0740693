/** `demo`: the paper's methods, trained from scratch on real e-mail. What it does is in src/cli/demo. */
import { toJson, toText } from '../../evaluate/table.ts';
import { flagOption, integerOption, type OptionTable, textOption } from '../../option.ts';
import type { Command } from '../command.ts';
import { trainProgress } from '../progress.ts';

export interface DemoOptions {
  readonly out: string;
  readonly serve: boolean;
  readonly seed: number;
  readonly json: boolean;
}

const group = 'Demo';

const options = {
  out: textOption({
    group,
    default: 'runs/demo',
    placeholder: 'DIR',
    help: 'the folder for the models, the table and the report',
    aliases: ['output_dir'],
  }),
  serve: flagOption({
    group,
    default: true,
    help: 'end after the report; there is no page yet, so this changes nothing',
  }),
  seed: integerOption({
    group,
    default: 0,
    min: 0,
    max: 2 ** 31 - 1,
    help: 'the seed of the split and of all training',
  }),
  json: flagOption({ group, default: false, help: 'print the table as JSON' }),
} as const satisfies OptionTable<DemoOptions>;

export const demo: Command<DemoOptions> = {
  name: 'demo',
  summary: 'Train the five methods from scratch on real e-mail (ham or spam), print the table and write the report',
  operands: null,
  options,
  examples: [
    { line: 'magic-pyramid demo', what: 'a few minutes on two cores' },
    { line: 'magic-pyramid demo --out runs/again --seed 1 --no-serve', what: 'another split, and no page at the end' },
  ],
  async run({ options, io, services }) {
    const progress = trainProgress(io.stderr);
    let finished = false;
    try {
      const { rows, report } = await services.demo(options, progress.onEvent);
      finished = true;
      progress.stop(true);
      io.stdout.write(options.json ? toJson(rows) : `\n${toText(rows)}\nThe report is ${report}\n`);
    } finally {
      if (!finished) progress.stop(false);
    }
  },
};
