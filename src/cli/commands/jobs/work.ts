/** `jobs work`: takes shards of a run from the queue until none is left, or until it is told to stop. */
import { PyramidError } from '../../../errors.ts';
import { integerOption, numberOption, type OptionTable } from '../../../option.ts';
import type { Command } from '../../command.ts';
import { threadsOption, workersOption } from '../../options/engine-options.ts';
import { type QueueOption, queueOption, queueVariable, runFolder, runOperand } from '../../options/jobs-options.ts';
import { modelOption } from '../../options/labelled-rows.ts';
import { count } from '../../output/format.ts';
import { showDownloads } from '../../output/progress.ts';
import { stopSignal } from '../../stop-signal.ts';

export interface WorkCommandOptions extends QueueOption {
  readonly model: string | null;
  readonly workers: number | null;
  readonly threads: number | null;
  readonly takeover: number;
  readonly grace: number;
  readonly metricsPort: number | null;
}

const running = 'Running';
const queues = 'Queue';

const options: OptionTable<WorkCommandOptions> = {
  model: {
    ...modelOption<string | null>(running, null),
    help: 'the model of the run, by its folder or its name on the Hugging Face hub (default: the folder that jobs submit was given)',
  },
  workers: workersOption(running),
  threads: threadsOption(running),
  queue: queueOption(queues),
  takeover: numberOption({
    group: queues,
    default: 30,
    min: 1,
    max: 3600,
    placeholder: 'SECONDS',
    help: 'how long a machine may give no sign of life before its shard is given to another',
  }),
  grace: numberOption({
    group: queues,
    default: 20,
    min: 0,
    max: 3600,
    placeholder: 'SECONDS',
    help: 'after SIGTERM or SIGINT: how long the shard under way may still take; then it is given back',
  }),
  metricsPort: integerOption<number | null>({
    group: queues,
    default: null,
    min: 0,
    max: 65535,
    placeholder: 'PORT',
    help: 'figures for Prometheus at /metrics on this port, on all addresses of the machine and without a key (default: none)',
  }),
};

export const jobsWork: Command<WorkCommandOptions> = {
  name: 'jobs work',
  summary:
    'Classify the shards of a run, or train those of a sweep or a reproduction, one after another; ends when none is left',
  operands: runOperand,
  options,
  variables: queueVariable,
  examples: [
    { line: 'magic-pyramid jobs work answers', what: 'on this machine, over its Redis' },
    {
      line: 'magic-pyramid jobs work /shared/answers --model /models/mails --queue redis://queue:6379',
      what: 'on each of many machines',
    },
  ],
  async run({ options: { model, queue, ...rest }, operands, io, services }) {
    const out = runFolder(operands);
    const say = (sentence: string) => io.stderr.write(`${sentence}\n`);
    const { work } = await services.jobs();
    const dir = model === null ? null : await showDownloads(io.stderr, (onEvent) => services.model(model, onEvent));
    const stop = stopSignal(() =>
      say(
        `stopping: the shard under way is finished if that takes at most ${rest.grace} s, else given back; a second signal ends the worker at once`,
      ),
    );
    stop.listen();
    try {
      const { why, totals, failed, shards, noun, of } = await work(
        { ...rest, out, model: dir, queueUrl: queue },
        say,
        stop.signal,
      );
      const did =
        noun === 'run'
          ? count(totals.shards, 'run')
          : `${count(totals.shards, 'shard')}, ${count(totals.rows, 'row')} answered, ${totals.rejected} rejected`;
      if (why === 'cancelled') say('the run was cancelled');
      if (why === 'finished' && failed === 0) say(`all ${count(shards, noun)} of the ${of} are done`);
      io.stdout.write(`done by this worker: ${did}\n`);
      if (failed > 0) throw new PyramidError('MP_JOBS_FAILED', { path: out, failed, shards, noun });
    } finally {
      stop.close();
    }
  },
};
