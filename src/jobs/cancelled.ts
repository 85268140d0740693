/** Whether a run was cancelled: a file in its folder, which every worker sees whatever becomes of the queue. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PyramidError } from '../errors.ts';
import { writeWhole } from '../write-whole.ts';

const place = (out: string): string => join(out, 'cancelled.json');

export const isCancelled = (out: string): boolean => existsSync(place(out));

/** Throws MP_WRITE. */
export const markCancelled = (out: string): Promise<void> =>
  writeWhole(place(out), `${JSON.stringify({ cancelled: new Date().toISOString() })}\n`);

/** Throws MP_WRITE. */
export async function unmarkCancelled(out: string): Promise<void> {
  await rm(place(out), { force: true }).catch((cause: Error) => {
    throw new PyramidError('MP_WRITE', { path: place(out), reason: cause.message }, { cause });
  });
}
