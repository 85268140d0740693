/** `sweep`: the search of the paper's appendix C on one task. What it does is src/experiment's. */
import { PyramidError } from '../../errors.ts';
import { METHOD_ROWS } from '../../experiment/method-rows.ts';
import { integerOption, type OptionTable, textOption } from '../../option.ts';
import type { Command } from '../command.ts';
import { type ExperimentOptions, experimentTable, givenTraining } from '../options/experiment-options.ts';
import { namesOption, numbersOption } from '../options/list-option.ts';
import { trainProgress } from '../output/progress.ts';

export interface SweepCommandOptions extends ExperimentOptions {
  readonly task: string;
  readonly methods: readonly string[];
  readonly deltas: readonly number[];
  readonly temperatures: readonly number[];
  readonly lambdas: readonly number[];
  readonly sample: number | null;
}

const group = 'Experiment';
// these are what is looked for
const { delta: _d, temperature: _t, lambda: _l, ...common } = experimentTable;

export const sweepTable = {
  task: textOption({
    group,
    default: '',
    placeholder: 'NAME',
    help: 'the task: ag_news, yelp_polarity, qqp, mrpc or rte',
    aliases: ['task_name', 'dataset_name'],
  }),
  methods: namesOption(
    { group, default: ['mp+'], placeholder: 'NAME,…', help: 'the methods; plain BERT is always run too' },
    [...METHOD_ROWS.keys()],
  ),
  deltas: numbersOption(
    {
      group,
      default: [0.01, 0.02, 0.04, 0.08],
      placeholder: 'X,…',
      help: "values of the last layer's initial threshold (--delta of train)",
    },
    { min: 0, max: 1 },
  ),
  temperatures: numbersOption(
    {
      group,
      default: [1e-5, 2e-5, 5e-5, 1e-3],
      placeholder: 'X,…',
      help: 'values of the temperature of the soft mask (--temperature of train)',
    },
    { min: 1e-9, max: 1 },
  ),
  lambdas: numbersOption(
    {
      group,
      default: [0.001, 0.01, 0.05, 0.2],
      placeholder: 'X,…',
      help: 'values of the weight of the mean mask (--lambda of train)',
    },
    { min: 0, max: 100 },
  ),
  sample: integerOption<number | null>({
    group,
    default: null,
    min: 1,
    max: 10_000,
    placeholder: 'POINTS',
    help: 'try this many random points between the smallest and largest values, instead of all combinations',
  }),
  ...common,
} satisfies OptionTable<SweepCommandOptions>;

export const sweep: Command<SweepCommandOptions> = {
  name: 'sweep',
  summary: 'Search for pruning settings on a task: a grid or a random sample of threshold, temperature and lambda',
  operands: null,
  options: sweepTable,
  examples: [
    {
      line: 'magic-pyramid sweep --task mrpc --data-dir data --model models/all-MiniLM-L6-v2 --sample 12 --out runs/search',
      what: 'twelve random points',
    },
    {
      line: 'magic-pyramid sweep --task rte --model bert-base-uncased --deltas 0.01,0.02 --lambdas 0.05 --temperatures 1e-3 --out runs/grid',
      what: 'a small grid',
    },
    {
      line: 'magic-pyramid sweep --task mrpc --data-dir data --model models/all-MiniLM-L6-v2 --sample 24 --out runs/search --resume',
      what: 'twelve more points; finished ones are kept',
    },
  ],
  async run({ given, options, io, services }) {
    if (options.out === '') throw new PyramidError('MP_USAGE', { what: '--out is missing', todo: 'give a folder' });
    if (options.task === '') throw new PyramidError('MP_USAGE', { what: '--task is missing', todo: 'name a task' });
    const progress = trainProgress(io.stderr);
    let finished = false;
    try {
      const result = await services.sweep({ ...options, training: givenTraining(given) }, progress.onEvent);
      finished = true;
      progress.stop(true);
      const { choiceText, sweepText } = await import('../../experiment/sweep/sweep-table.ts');
      io.stdout.write(
        options.json
          ? `${JSON.stringify(result)}\n`
          : `\n${sweepText(result.rows)}\n${choiceText(result, options.maxDrop)}\n`,
      );
      if (result.failed > 0) throw new PyramidError('MP_RUNS_FAILED', { failed: result.failed, out: options.out });
    } finally {
      if (!finished) progress.stop(false);
    }
  },
};
