/** Whether a folder of data is one at all, seen before the first run rather than by each of them. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PyramidError } from '../errors.ts';
import { taskNamed } from '../text/index.ts';

/**
 * `dataDir`: null is the hub. A folder that has some of the tasks will do: the others' runs fail, each with its reason.
 * Throws MP_FILE_MISSING, MP_USAGE where it has none of them, MP_TASK_UNKNOWN.
 */
export async function needDataDir(dataDir: string | null | undefined, tasks: readonly string[]): Promise<void> {
  if (dataDir == null) return;
  const isFolder = async (path: string) => (await stat(path).catch(() => null))?.isDirectory() ?? null;
  const found = await isFolder(dataDir);
  if (found !== true) {
    throw new PyramidError('MP_FILE_MISSING', {
      path: dataDir,
      what: 'folder of data',
      ...(found === false && { found: 'a file' }),
    });
  }
  const folders = tasks.flatMap((task) => taskNamed(task).folders);
  for (const folder of folders) if (await isFolder(join(dataDir, folder))) return;
  throw new PyramidError('MP_USAGE', {
    what: `--data-dir ${dataDir} has no folder of a task (${folders.join(', ')})`,
    todo: 'give the folder that holds them',
  });
}
