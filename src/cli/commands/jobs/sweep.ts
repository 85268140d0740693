/** `jobs sweep`: the runs of a sweep become jobs of the queue. */
import { PyramidError } from '../../../errors.ts';
import type { OptionTable } from '../../../option.ts';
import type { Command } from '../../command.ts';
import { givenTraining } from '../../options/experiment-options.ts';
import { type QueueOption, queueOption, queueVariable, runAttempts } from '../../options/jobs-options.ts';
import { count } from '../../output/format.ts';
import { type SweepCommandOptions, sweepTable } from '../sweep.ts';

export interface JobsSweepOptions extends Omit<SweepCommandOptions, 'resume' | 'json'>, QueueOption {
  readonly attempts: number;
}

const { resume: _r, json: _j, ...table } = sweepTable;
const group = 'Queue';

const options = {
  ...table,
  queue: queueOption(group),
  attempts: runAttempts(group),
} satisfies OptionTable<JobsSweepOptions>;

export const jobsSweep: Command<JobsSweepOptions> = {
  name: 'jobs sweep',
  summary: 'Put the runs of a sweep into a queue, for any number of "jobs work" to train',
  operands: null,
  options,
  variables: queueVariable,
  examples: [
    {
      line: 'magic-pyramid jobs sweep --task mrpc --data-dir /shared/data --model /shared/models/all-MiniLM-L6-v2 --sample 24 --out /shared/search',
      what: 'then on each machine: magic-pyramid jobs work /shared/search',
    },
  ],
  async run({ given, options: { queue, attempts, ...sweep }, io, services }) {
    const usage = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });
    if (sweep.out === '') throw usage('--out is missing', 'give a folder that every worker can write to');
    if (sweep.task === '') throw usage('--task is missing', 'name a task');
    const { submitCampaign } = await services.jobs();
    const runs = await submitCampaign({
      campaign: { sweep: { ...sweep, resume: true, training: givenTraining(given) } },
      queueUrl: queue,
      attempts,
    });
    io.stdout.write(
      `${count(runs, 'run')}, plain BERT first; start workers with: magic-pyramid jobs work ${sweep.out}\n`,
    );
  },
};
