/** `jobs retry`: what is not done is put into the queue again. */
import type { OptionTable } from '../../../option.ts';
import type { Command } from '../../command.ts';
import { type QueueOption, queueOption, queueVariable, runFolder, runOperand } from '../../options/jobs-options.ts';
import { count } from '../../output/format.ts';

const options: OptionTable<QueueOption> = { queue: queueOption('Queue') };

export const jobsRetry: Command<QueueOption> = {
  name: 'jobs retry',
  summary:
    'Put shards without answers into the queue again: failed ones, those of a cancelled run, those that were lost',
  operands: runOperand,
  options,
  variables: queueVariable,
  examples: [{ line: 'magic-pyramid jobs retry answers', what: 'then start workers again' }],
  async run({ options: { queue }, operands, io, services }) {
    const out = runFolder(operands);
    const { added, shards, noun } = await (await services.jobs()).retry(out, queue);
    io.stdout.write(
      added === 0
        ? `all ${count(shards, noun)} are done\n`
        : `${added} of ${count(shards, noun)} in the queue; start workers with: magic-pyramid jobs work ${out}\n`,
    );
  },
};
