/** One line on standard error for whatever went wrong, and the exit code that belongs to it. */
import { CommanderError } from 'commander';
import { PyramidError } from '../../errors.ts';
import { systemLimit } from '../../system-limit.ts';
import { trainTable } from '../../train/options/defaults.ts';
import { flagOf } from '../command.ts';
import type { Io } from '../io.ts';

/** @returns 0 (help was asked for, or the reader has gone), 1 (failed) or 2 (wrong usage) */
export function reportError(thrown: unknown, io: Io, debug: boolean): 0 | 1 | 2 {
  const error = withFlag(systemLimit(thrown) ?? thrown);
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    // without a command the help is the message
    if (error.code !== 'commander.help') io.stderr.write(`error: ${usageSentence(error.message)}\n`);
    return 2;
  }
  // the reader of our output has what it wanted (`| head`)
  if ((error as NodeJS.ErrnoException | null)?.code === 'EPIPE') return 0;
  const known = error instanceof PyramidError;
  const message = error instanceof Error ? error.message : String(error);
  io.stderr.write(
    known ? `error: ${message}\n` : `error: ${oneLine(message)}${debug ? '' : ' (--debug shows where)'}\n`,
  );
  if (debug) io.stderr.write(`${trace(error)}\n`);
  return known ? error.exitCode : 1;
}

/** Below the command line an option goes by its key; here people know it by its flag. */
function withFlag(error: unknown): unknown {
  if (!(error instanceof PyramidError) || error.code !== 'MP_RESUME_MISMATCH') return error;
  const { details } = error as PyramidError<'MP_RESUME_MISMATCH'>;
  if (!Object.hasOwn(trainTable, details.option)) return error;
  return new PyramidError('MP_RESUME_MISMATCH', { ...details, option: flagOf(details.option) }, { cause: error });
}

/** commander's "error: unknown option '--x'\n(Did you mean --y?)" on one line. */
const usageSentence = (message: string): string =>
  `${oneLine(message.replace(/^error: /, '')).replace(/\.$/, '')}; see --help`;

const oneLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, ' ');

function trace(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.stack ?? error.message}${error.cause === undefined ? '' : `\ncaused by: ${trace(error.cause)}`}`;
}
