/** `jobs reproduce`: the runs of a reproduction become jobs of the queue. */
import { PyramidError } from '../../../errors.ts';
import type { OptionTable } from '../../../option.ts';
import type { Command } from '../../command.ts';
import { type QueueOption, queueOption, queueVariable, runAttempts } from '../../options/jobs-options.ts';
import { count } from '../../output/format.ts';
import { type ReproduceCommandOptions, reproduceTable, reproduceTraining } from '../reproduce.ts';

export interface JobsReproduceOptions extends Omit<ReproduceCommandOptions, 'resume' | 'json'>, QueueOption {
  readonly attempts: number;
}

const { resume: _r, json: _j, ...table } = reproduceTable;
const group = 'Queue';

const options = {
  ...table,
  queue: queueOption(group),
  attempts: runAttempts(group),
} satisfies OptionTable<JobsReproduceOptions>;

export const jobsReproduce: Command<JobsReproduceOptions> = {
  name: 'jobs reproduce',
  summary: 'Put the runs of a reproduction into a queue, for any number of "jobs work" to train',
  operands: null,
  options,
  variables: queueVariable,
  examples: [
    {
      line: 'magic-pyramid jobs reproduce --data-dir /shared/data --model /shared/models/all-MiniLM-L6-v2 --seeds 5 --limit 4000 --out /shared/paper',
      what: 'then on each machine: magic-pyramid jobs work /shared/paper',
    },
  ],
  async run({ given, options: { queue, attempts, ...reproduce }, io, services }) {
    if (reproduce.out === '')
      throw new PyramidError('MP_USAGE', {
        what: '--out is missing',
        todo: 'give a folder that every worker can write to',
      });
    const { submitCampaign } = await services.jobs();
    const runs = await submitCampaign({
      campaign: { reproduce: { ...reproduce, resume: true, training: reproduceTraining(given) } },
      queueUrl: queue,
      attempts,
    });
    io.stdout.write(
      `${count(runs, 'run')}, those first that others build on; start workers with: magic-pyramid jobs work ${reproduce.out}\n`,
    );
  },
};
