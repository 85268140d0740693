/**
 * Every error a user can meet: its code, its sentence (what, where, what to do), the exit code of the command
 * line and the HTTP status of the server. `docs/errors.md` explains each; a test holds the two together.
 * A broken invariant of our own is not in here: it throws a plain `Error('internal: …')`.
 */
import { anywhere } from './errors/anywhere.ts';
import { machine } from './errors/machine.ts';

/** Each code with its sentence, exit code and HTTP status. */
export const catalogue = { ...anywhere, ...machine } as const;

/** The code of an error that a user can meet; docs/errors.md explains each. */
export type ErrorCode = keyof typeof catalogue;
type Details<C extends ErrorCode> = Parameters<(typeof catalogue)[C]['sentence']>[0];

/** An error of the catalogue. `details` are the values its sentence was made from. */
export class PyramidError<C extends ErrorCode = ErrorCode> extends Error {
  /** Says which error it is; it stays when the sentence changes. */
  readonly code: C;
  /** What the sentence is made of. */
  readonly details: Details<C>;
  /** 1: the work failed. 2: the call was wrong. */
  readonly exitCode: 1 | 2;
  /** What the server answers with. */
  readonly httpStatus: number;

  constructor(code: C, details: Details<C>, options?: { cause?: unknown }) {
    const entry = catalogue[code];
    super((entry.sentence as (d: Details<C>) => string)(details), options);
    this.name = 'PyramidError';
    this.code = code;
    this.details = details;
    this.exitCode = entry.exitCode;
    this.httpStatus = entry.httpStatus;
  }
}
