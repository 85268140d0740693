/** Whether a run was cancelled: a file in its folder, which every worker sees whatever becomes of the queue. */
import { runFolder } from './run-folder.ts';

const NAME = 'cancelled.json';

/** Throws MP_S3. */
export const isCancelled = async (out: string): Promise<boolean> => (await runFolder(out).size(NAME)) !== null;

/** Throws MP_WRITE, MP_S3. */
export const markCancelled = (out: string): Promise<void> =>
  runFolder(out).write(NAME, `${JSON.stringify({ cancelled: new Date().toISOString() })}\n`);

/** Throws MP_WRITE, MP_S3. */
export const unmarkCancelled = (out: string): Promise<void> => runFolder(out).remove(NAME);
