/** `demo`: the paper's methods, trained from scratch on real e-mail. What it does is in src/cli/demo. */
import { PyramidError } from '../../errors.ts';
import { flagOption, integerOption, type OptionTable, textOption } from '../../option.ts';
import { toJson, toText } from '../../report/table.ts';
import type { Command } from '../command.ts';
import { trainProgress } from '../output/progress.ts';
import type { DemoResult, Services } from '../services.ts';

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
    help: 'stop after the report instead of serving the models on a web page',
  }),
  seed: integerOption({
    group,
    default: 0,
    min: 0,
    max: 2 ** 31 - 1,
    help: 'random seed of the split and of training',
  }),
  json: flagOption({ group, default: false, help: 'print the table as JSON' }),
} as const satisfies OptionTable<DemoOptions>;

export const demo: Command<DemoOptions> = {
  name: 'demo',
  summary:
    'Train the methods, seven rows, from scratch on real e-mail (ham or spam), print the table and write the report',
  operands: null,
  options,
  examples: [
    { line: 'magic-pyramid demo', what: 'about ten minutes on two cores, then serve the models' },
    {
      line: 'magic-pyramid demo --out runs/again --seed 1 --no-serve',
      what: 'another split, and no server at the end',
    },
  ],
  async run({ options, io, services }) {
    const say = (sentence: string) => io.stderr.write(`${sentence}\n`);
    const progress = trainProgress(io.stderr);
    let finished = false;
    try {
      const { rows, report, models } = await services.demo(options, progress.onEvent);
      finished = true;
      progress.stop(true);
      io.stdout.write(options.json ? toJson(rows) : `\n${toText(rows)}\nThe report is ${report}\n`);
      if (options.serve) await show(services, models, say);
    } finally {
      if (!finished) progress.stop(false);
    }
  },
};

/** The models on a page until the process is told to stop; at the server's usual port, or at another if that is taken. */
async function show(services: Services, models: DemoResult['models'], say: (sentence: string) => void): Promise<void> {
  // small networks, one of which is looked at
  const options = { model: models, workers: 1 };
  try {
    await services.serve(options, say);
  } catch (error) {
    if (!(error instanceof PyramidError && error.code === 'MP_LISTEN')) throw error;
    await services.serve({ ...options, port: 0 }, say);
  }
}
