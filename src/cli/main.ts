#!/usr/bin/env node
/** The executable: the command line on this process's streams. */
import { run } from './program.ts';

// The reader of our output has what it wanted (`| head`): the command ends by itself. Exiting here would tear down worker
// threads in the middle of a computation, which aborts the process.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

// a progress bar hides the cursor and line wrapping; a second signal, or this one sent again, ends the process as ever
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    if (process.stderr.isTTY) process.stderr.write('\u001b[?25h\u001b[?7h\n');
    // a command with an end of its own for it, as a server has, is left to it
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  });
}

process.exitCode = await run(process.argv.slice(2), process);
