/** `jobs cancel`: nothing more of a run is begun, and what runs is stopped. */
import type { OptionTable } from '../../../option.ts';
import type { Command } from '../../command.ts';
import { type QueueOption, queueOption, queueVariable, runFolder, runOperand } from '../../options/jobs-options.ts';
import { count } from '../../output/format.ts';

const options: OptionTable<QueueOption> = { queue: queueOption('Queue') };

export const jobsCancel: Command<QueueOption> = {
  name: 'jobs cancel',
  summary: 'Cancel a run: shards that wait are removed, those that run are stopped; what is done stays',
  operands: runOperand,
  options,
  variables: queueVariable,
  examples: [{ line: 'magic-pyramid jobs cancel answers', what: 'its workers end' }],
  async run({ options: { queue }, operands, io, services }) {
    const out = runFolder(operands);
    const { done, shards, running, noun } = await (await services.jobs()).cancel(out, queue);
    const late = running > 0 ? `; ${running} did not stop in time, and are of no account` : '';
    io.stdout.write(`cancelled with ${done} of ${count(shards, noun)} done${late}\n`);
  },
};
