/** What the page says of a run on many machines. Knows nothing of how it is drawn. */
import type { RunStatus } from '../../../src/jobs/run-status.ts';
import { percent, short, whole } from '../format.ts';

/** Names and values for people. */
export function jobsRows({ kind, shards, rows, rowsPerSecond, secondsLeft, cancelled }: RunStatus) {
  const parts = kind === 'files' ? 'Shards' : 'Runs';
  const rest =
    shards.running === null ? '' : `; ${shards.running} running, ${shards.waiting} waiting, ${shards.failed} failed`;
  const found: (readonly [name: string, value: string])[] = [
    [parts, `${whole(shards.done)} of ${whole(shards.all)} done${rest}`],
  ];
  if (kind === 'files') {
    const share = percent((rows.answered + rows.rejected) / rows.all);
    found.push([
      'Rows',
      `${whole(rows.answered)} of ${whole(rows.all)} answered, ${whole(rows.rejected)} rejected (${share})`,
    ]);
  }
  if (rowsPerSecond !== null) found.push(['Rows per second', short(rowsPerSecond)]);
  if (cancelled) found.push(['Time left', 'cancelled']);
  else if (secondsLeft !== null) found.push(['Time left', secondsLeft === 0 ? 'done' : duration(secondsLeft)]);
  return found;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${short(seconds / 3600)} h`;
}
