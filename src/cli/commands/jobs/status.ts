/** `jobs status`: how far a run is, and which shards failed why. */
import type { RunStatus } from '../../../jobs/run-status.ts';
import { flagOption, type OptionTable } from '../../../option.ts';
import type { Command } from '../../command.ts';
import { type QueueOption, queueOption, queueVariable, runFolder, runOperand } from '../../options/jobs-options.ts';
import { count, duration, percent, thousands } from '../../output/format.ts';

export interface StatusCommandOptions extends QueueOption {
  readonly json: boolean;
}

const options: OptionTable<StatusCommandOptions> = {
  queue: queueOption('Queue'),
  json: flagOption({ group: 'Output', default: false, help: 'print one JSON object' }),
};

/** Failed shards that are listed. */
const LISTED = 20;

export const jobsStatus: Command<StatusCommandOptions> = {
  name: 'jobs status',
  summary: 'Show how far a run is: shards, rows, rate, time left, and what failed',
  operands: runOperand,
  options,
  variables: queueVariable,
  examples: [
    { line: 'magic-pyramid jobs status answers', what: 'in words' },
    { line: 'magic-pyramid jobs status answers --json', what: 'for a program' },
  ],
  async run({ options: { queue, json }, operands, io, services }) {
    const out = runFolder(operands);
    const found = await (await services.jobs()).status(out, queue);
    io.stdout.write(json ? `${JSON.stringify(found)}\n` : `${inWords(found, out).join('\n')}\n`);
  },
};

function inWords(
  { kind, shards, rows, rowsPerSecond, secondsLeft, cancelled, failures, queueProblem }: RunStatus,
  out: string,
) {
  const done = shards.done === shards.all;
  const lines = [
    `${kind === 'files' ? 'shards' : 'runs'}: ${thousands(shards.done)} of ${thousands(shards.all)} done${
      shards.running === null ? '' : `, ${shards.running} running, ${shards.waiting} waiting, ${shards.failed} failed`
    }`,
  ];
  if (kind === 'files')
    lines.push(
      `rows: ${thousands(rows.answered)} of ${thousands(rows.all)} answered (${percent(rows.answered / rows.all)}), ${thousands(rows.rejected)} rejected`,
    );
  if (rowsPerSecond !== null)
    lines.push(
      `rate: ${thousands(rowsPerSecond)} rows a second${done || secondsLeft === null || cancelled ? '' : `; ${duration(secondsLeft)} left at this rate`}`,
    );
  if (cancelled) lines.push(`cancelled; "magic-pyramid jobs retry ${out}" goes on with it`);
  if (queueProblem !== null) lines.push(`note: ${queueProblem}`);
  for (const { shard, file, line, reason, attempts } of failures.slice(0, LISTED))
    lines.push(
      `${kind === 'files' ? `shard ${shard + 1} (${file}, from line ${line})` : `run ${shard + 1} (${file})`} failed after ${count(attempts, 'try').replace('trys', 'tries')}: ${reason}`,
    );
  if (failures.length > LISTED) lines.push(`and ${failures.length - LISTED} more failed (--json lists all)`);
  const idle = shards.running === 0 && shards.waiting === 0 && shards.failed === 0;
  if (!done && !cancelled && idle)
    lines.push(`the queue is empty: "magic-pyramid jobs retry ${out}" puts what is not done into it again`);
  return lines;
}
