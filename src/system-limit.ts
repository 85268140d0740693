/**
 * What the system refuses since a limit of its is reached: one more open file, thread or process, or memory to start one in. It
 * is one error wherever it is met, so that no missing file and no damaged model is told of instead.
 */
import { PyramidError } from './errors.ts';

/** Of a thread that was to be started. */
const WORKER = 'ERR_WORKER_INIT_FAILED';

interface Limit {
  readonly why: string;
  readonly todo: string;
}

const FILES: Readonly<Record<string, Limit>> = {
  EMFILE: {
    why: 'this process may have no more files and connections open',
    todo: 'raise the limit (ulimit -n), or use fewer workers or connections',
  },
  ENFILE: {
    why: 'this machine may have no more files and connections open',
    todo: 'end other programs, or raise its limit (fs.file-max)',
  },
};

/** Where a thread or a process is started; elsewhere these codes mean other things too. */
const STARTS: Readonly<Record<string, Limit>> = {
  ...FILES,
  EAGAIN: {
    why: 'there may be no more threads and processes',
    todo: 'raise the limit (ulimit -u, or the pids limit of a container), or use fewer workers',
  },
  ENOMEM: { why: 'there is not enough memory', todo: 'free some, or use fewer workers' },
};

/** Of a native library that was to be opened, as the C library has it. */
const LIBRARY: readonly (readonly [string, string])[] = [
  ['Too many open files in system', 'ENFILE'],
  ['Too many open files', 'EMFILE'],
];

/** `what`: what was asked for, as "a worker thread cannot be started"; left out, as the error has it. null: it is another error. */
export function systemLimit(error: unknown, what?: string): PyramidError<'MP_SYSTEM_LIMIT'> | null {
  const { code, message = '', path, syscall = '' } = (error ?? {}) as NodeJS.ErrnoException;
  const isThread = code === WORKER;
  const starts = isThread || syscall.startsWith('spawn');
  const found = isThread ? (/\bE[A-Z]{4,}\b/.exec(message)?.[0] ?? message) : code;
  const name = code === 'ERR_DLOPEN_FAILED' ? LIBRARY.find(([words]) => message.includes(words))?.[1] : found;
  const limits = starts ? STARTS : FILES;
  const isKnown = name !== undefined && Object.hasOwn(limits, name);
  if (!isKnown && !isThread) return null;
  const { why, todo } = isKnown ? limits[name!] : STARTS.ENOMEM;
  const asked = isThread ? 'a worker thread' : starts ? 'a process' : null;
  const otherwise = asked ? `${asked} cannot be started` : `${path ?? 'a file or a connection'} cannot be opened`;
  return new PyramidError('MP_SYSTEM_LIMIT', { what: what ?? otherwise, why, reason: name!, todo }, { cause: error });
}
