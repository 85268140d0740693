#!/usr/bin/env node
/** The executable: the command line on this process's streams. */
import { run } from './program.ts';

// the reader of our output has what it wanted (`| head`)
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await run(process.argv.slice(2), process);
