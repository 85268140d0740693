/** `reproduce`: the paper's methods on its tasks. What it does is src/experiment's. */
import { PyramidError } from '../../errors.ts';
import { METHOD_ROWS, USUAL_ROWS } from '../../experiment/method-rows.ts';
import { integerOption, type OptionTable, textOption } from '../../option.ts';
import { toJson, toText } from '../../report/table.ts';
import { TASKS } from '../../text/tasks.ts';
import { trainTable } from '../../train/options/defaults.ts';
import type { GivenTrainOptions } from '../../train/options/resolve.ts';
import type { Command } from '../command.ts';
import { type ExperimentOptions, experimentTable, givenTraining } from '../options/experiment-options.ts';
import { namesOption } from '../options/list-option.ts';
import { trainProgress } from '../output/progress.ts';

export interface ReproduceCommandOptions extends ExperimentOptions {
  readonly tasks: readonly string[];
  readonly methods: readonly string[];
  readonly seeds: number;
  readonly seed: number;
  readonly distilbertModel: string | null;
  readonly confidence: number;
  readonly calibrationShare: number | null;
}

const group = 'Experiment';
const tasks = Object.keys(TASKS);

export const reproduceTable = {
  tasks: namesOption(
    { group, default: tasks, placeholder: 'NAME,…', help: 'the tasks, in the order of the table' },
    tasks,
  ),
  methods: namesOption(
    {
      group,
      default: USUAL_ROWS,
      placeholder: 'NAME,…',
      help: 'the methods; mp-joint, mp-pooled, mp-joint-pooled and fastbert+ show what each part of mp+ does',
    },
    [...METHOD_ROWS.keys()],
  ),
  distilbertModel: textOption<string | null>({
    group,
    default: null,
    placeholder: 'DIR|HUB-ID',
    help: 'a pretrained DistilBERT for the method distilbert (default: distil the fine-tuned --model into half its layers)',
  }),
  seeds: integerOption({
    group,
    default: 1,
    min: 1,
    max: 100,
    help: 'runs per method, with seeds from --seed on; above 1 the table has means and standard deviations',
  }),
  ...experimentTable,
  confidence: { ...trainTable.confidence, group },
  calibrationShare: { ...trainTable.calibrationShare, group },
} satisfies OptionTable<ReproduceCommandOptions>;

export const reproduce: Command<ReproduceCommandOptions> = {
  name: 'reproduce',
  summary: "Run the paper's methods on its tasks, and write its tables and figures",
  operands: null,
  options: reproduceTable,
  examples: [
    {
      line: 'magic-pyramid reproduce --model models/all-MiniLM-L6-v2 --data-dir data --limit 4000 --out runs/paper',
      what: 'all tasks and methods, 4,000 training rows each',
    },
    {
      line: 'magic-pyramid reproduce --tasks mrpc --methods bert,mp,mp+ --seeds 5 --model bert-base-uncased --out runs/mrpc',
      what: 'one task, five seeds, model and data from the hub',
    },
    {
      line: 'magic-pyramid reproduce --model models/all-MiniLM-L6-v2 --data-dir data --limit 4000 --out runs/paper --resume',
      what: 'resume an interrupted run',
    },
  ],
  async run({ given, options, io, services }) {
    if (options.out === '') throw new PyramidError('MP_USAGE', { what: '--out is missing', todo: 'give a folder' });
    const progress = trainProgress(io.stderr);
    let finished = false;
    try {
      const result = await services.reproduce({ ...options, training: reproduceTraining(given) }, progress.onEvent);
      finished = true;
      progress.stop(true);
      io.stdout.write(
        options.json ? toJson(result.rows) : `\n${toText(result.rows)}\nThe report is ${result.report}\n`,
      );
      if (result.failed > 0) throw new PyramidError('MP_RUNS_FAILED', { failed: result.failed, out: options.out });
    } finally {
      if (!finished) progress.stop(false);
    }
  },
};

/** The settings of training that were given. */
export function reproduceTraining(given: Partial<ReproduceCommandOptions>): GivenTrainOptions {
  const { calibrationShare } = given;
  return {
    ...givenTraining({ ...given }),
    ...(calibrationShare !== undefined && { calibrationShare }),
  };
}
