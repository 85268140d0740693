/** `train`: one model by one method. The options are those of src/train/options/defaults.ts; the work is src/train's. */
import { flagOption, type OptionTable } from '../../option.ts';
import type { OnTrainEvent } from '../../train/events.ts';
import { PAPER_EXITS } from '../../train/options/choices.ts';
import { type TrainOptions, trainTable } from '../../train/options/defaults.ts';
import { resolveTrainOptions } from '../../train/options/resolve.ts';
import { figureSentences } from '../../train/output/figures.ts';
import { type Command, flagOf } from '../command.ts';
import { duration } from '../output/format.ts';
import { labelText } from '../output/label-text.ts';
import { trainProgress } from '../output/progress.ts';
import { stopSignal } from '../stop-signal.ts';

type TrainCommandOptions = TrainOptions & { readonly paper: boolean; readonly json: boolean };

const options: OptionTable<TrainCommandOptions> = {
  ...trainTable,
  paper: flagOption({
    group: 'Early exit (fastbert, mp)',
    default: false,
    help: "use the paper's exit heads; short for --exit-head cls --exit-training frozen",
  }),
  json: flagOption({ group: 'Running', default: false, help: 'print the result as JSON' }),
};

export const train: Command<TrainCommandOptions> = {
  name: 'train',
  summary: 'Fine-tune a model on your texts, or train a small one from scratch',
  operands: null,
  options,
  shorthands: { paper: PAPER_EXITS },
  examples: [
    {
      line: 'magic-pyramid train --train mails.csv --text body --label folder --learning-rate 5e-4 --out runs/mails',
      what: 'a new, small network on your own file',
    },
    {
      line: 'magic-pyramid train --model models/all-MiniLM-L6-v2 --task ag_news --data-dir data --out runs/ag',
      what: 'fine-tune a pretrained model on a known data set',
    },
    {
      line: 'magic-pyramid train --config run.yaml --seed 1 --out runs/seed-1',
      what: 'options from a file, two of them overridden',
    },
    {
      line: 'magic-pyramid train --paper --model models/all-MiniLM-L6-v2 --task ag_news --data-dir data --out runs/paper',
      what: "the paper's exit heads instead of ours",
    },
    {
      line: 'magic-pyramid train --config run.yaml --out runs/seed-1 --resume',
      what: 'continue a run that was killed',
    },
  ],
  async run({ given, options: { json }, io, services }) {
    const { json: _, paper: _paper, ...own } = given;
    const options = resolveTrainOptions(own, flagOf);
    const progress = trainProgress(io.stderr);
    const stop = stopSignal(() => {
      progress.onEvent({
        kind: 'note',
        text: 'stopping after this step, with a checkpoint; a second signal stops at once',
      });
    });
    const onEvent: OnTrainEvent = (event) => {
      // before the first stage there is nothing to keep
      if (event.kind === 'stage') stop.listen();
      progress.onEvent(event);
    };
    let finished = false;
    try {
      const result = await services.train(options, onEvent, stop.signal);
      finished = true;
      progress.stop(true);
      io.stdout.write(
        json
          ? `${JSON.stringify(result)}\n`
          : `${result.method} in ${result.out}, ${duration(result.seconds)}\n${figureSentences(result, result.out).join('\n')}\n${labelText(result.byLabel)}`,
      );
      for (const warning of result.warnings) io.stderr.write(`warning: ${warning}\n`);
    } finally {
      stop.close();
      if (!finished) progress.stop(false);
    }
  },
};
