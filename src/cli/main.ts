#!/usr/bin/env node
/** The executable: the command line on this process's streams. */
import { constants } from 'node:os';
import { run } from './program.ts';

// What goes wrong with our output is program.ts's to say. The reader that has what it wanted (`| head`) lets the command end
// by itself: exiting here would tear down worker threads in the middle of a computation, which aborts the process. Of an
// error on standard error nobody can be told.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

let stoppedBy: 'SIGINT' | 'SIGTERM' | null = null;
// a progress bar hides the cursor and line wrapping; a second signal, or this one sent again, ends the process as ever
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stoppedBy = signal;
    if (process.stderr.isTTY) process.stderr.write('\u001b[?25h\u001b[?7h\n');
    // a command with an end of its own for it, as a server has, is left to it
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  });
}

const code = await run(process.argv.slice(2), process);
// as shells have it of a process that a signal ended
process.exitCode = code !== 0 && stoppedBy !== null ? 128 + constants.signals[stoppedBy] : code;
