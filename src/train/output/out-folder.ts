/**
 * The output folder of a run that may be resumed: held for as long as the run takes, and refused before anything is
 * read or trained where it holds something else. Knows nothing of what a run writes.
 */
import { PyramidError } from '../../errors.ts';
import { folderEntries } from '../../write-folder.ts';
import type { OnTrainEvent } from '../events.ts';
import { lockOut } from './out-lock.ts';

/** Whether there is a run, and whether there is anything left of it to be resumed. */
type Found = boolean | 'finished';

/**
 * Does `work` with the folder `out` held. `isRun` says whether what lies in it is a run of its kind, which may be resumed
 * or is finished.
 * Throws MP_OUT_EXISTS, MP_OUT_BUSY, MP_WRITE.
 */
export async function withOut<T>(
  out: string,
  { resume, isRun }: { readonly resume: boolean; readonly isRun: (entries: readonly string[]) => Found },
  onEvent: OnTrainEvent,
  work: (entries: readonly string[]) => Promise<T>,
): Promise<T> {
  await folderEntries(out); // what is no folder cannot be locked
  const release = await lockOut(out, (text) => onEvent({ kind: 'note', text }));
  try {
    const entries = (await folderEntries(out)) ?? [];
    const run = isRun(entries);
    const found =
      run === 'finished'
        ? 'holds a finished run'
        : run
          ? 'already holds a run'
          : entries.length > 0
            ? 'is not empty'
            : null;
    if (!resume && found) throw new PyramidError('MP_OUT_EXISTS', { path: out, found });
    return await work(entries);
  } finally {
    await release();
  }
}
