/** `jobs submit`: files are cut into shards, and each becomes a job of the queue. */
import { PyramidError } from '../../../errors.ts';
import { integerOption, type OptionTable, textOption } from '../../../option.ts';
import type { Dtype } from '../../../pyramid/folder/model-folder.ts';
import { trainTable } from '../../../train/options/defaults.ts';
import type { Command } from '../../command.ts';
import { dtypeOption } from '../../options/engine-options.ts';
import { type QueueOption, queueOption, queueVariable } from '../../options/jobs-options.ts';
import { modelOption, needModel } from '../../options/labelled-rows.ts';
import { type TauOption, tauOption } from '../../options/tau-option.ts';
import { count } from '../../output/format.ts';
import { showDownloads } from '../../output/progress.ts';

export interface SubmitCommandOptions extends QueueOption {
  readonly model: string;
  readonly out: string;
  readonly tau: TauOption;
  readonly topK: number;
  readonly dtype: Dtype | null;
  readonly text: string | null;
  readonly pair: string | null;
  readonly delimiter: string | null;
  readonly shardBytes: number;
  readonly attempts: number;
}

const answers = 'Answers';
const files = 'Files';
const run = 'Run';

const options: OptionTable<SubmitCommandOptions> = {
  model: modelOption(answers, ''),
  tau: tauOption(answers),
  topK: integerOption({
    group: answers,
    default: 1,
    min: 1,
    placeholder: 'LABELS',
    help: 'above 1: also the scores of this many labels, most likely first',
  }),
  dtype: dtypeOption(answers),
  text: { ...trainTable.text, group: files },
  pair: { ...trainTable.pair, group: files },
  delimiter: { ...trainTable.delimiter, group: files },
  shardBytes: integerOption({
    group: files,
    default: 4 * 2 ** 20,
    min: 1024,
    placeholder: 'BYTES',
    help: 'approximate size of a shard; aim for about a minute of work',
  }),
  out: textOption({
    group: run,
    default: '',
    placeholder: 'DIR',
    help: "the run's folder, which every worker can write to (s3://bucket/name too): the manifest, and the answers of each shard",
  }),
  queue: queueOption(run),
  attempts: integerOption({
    group: run,
    default: 5,
    min: 1,
    max: 100,
    help: 'times that a shard is tried, with growing pauses between',
  }),
};

export const jobsSubmit: Command<SubmitCommandOptions> = {
  name: 'jobs submit',
  summary: 'Cut files into shards and put these into a queue, for any number of "jobs work" to classify',
  operands: {
    name: 'FILE',
    help: 'csv, tsv, jsonl, txt or parquet files, or patterns of their names; s3://bucket/name too',
  },
  options,
  variables: queueVariable,
  examples: [
    {
      line: 'magic-pyramid jobs submit --model runs/mails --out answers mails.csv',
      what: 'one file, over the Redis of this machine',
    },
    {
      line: 'magic-pyramid jobs submit --model runs/mails --out /shared/answers --queue redis://queue:6379 "/shared/mails/*.jsonl"',
      what: 'many files in a folder that all machines have',
    },
    {
      line: 'magic-pyramid jobs submit --model runs/mails --out s3://mails/answers "s3://mails/2026/*.csv"',
      what: 'files and answers in S3',
    },
  ],
  async run({ options, operands, io, services }) {
    const usage = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });
    const { model, out, queue, ...rest } = options;
    needModel(model);
    if (operands.length === 0) throw usage('there are no files', 'give their names, or patterns of names');
    if (out === '') throw usage('--out is missing', 'give a folder that every worker can write to');
    const { submit } = await services.jobs();
    const dir = await showDownloads(io.stderr, (onEvent) => services.model(model, onEvent));
    const submitted = await submit({ ...rest, files: operands, out, model: dir, queueUrl: queue }, (sentence) =>
      io.stderr.write(`${sentence}\n`),
    );
    const { rows, files, shards } = submitted;
    io.stdout.write(
      `${count(rows, 'row')} of ${count(files, 'file')} in ${count(shards, 'shard')}; start workers with: magic-pyramid jobs work ${out}\n`,
    );
  },
};
