/** A changed copy of a model folder: in a folder of its own or in the place of the first, whole or not at all. */
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCK, writeFolder } from '../write-folder.ts';

/**
 * Copies the folder, changes the copy, and gives it its name last, so that what has the name is complete. `to` may be
 * `from`. Throws MP_WRITE.
 */
export async function copyFolder(from: string, to: string, change: (copy: string) => Promise<void>): Promise<void> {
  // before the copy is begun, which may lie within
  const names = (await readdir(from)).filter((name) => name !== LOCK && name !== 'lost+found');
  await writeFolder(to, 'config.json', async (folder) => {
    // a folder of the hub's cache holds links
    for (const name of names)
      if (name !== '.writing') await cp(join(from, name), join(folder, name), { recursive: true, dereference: true });
    await change(folder);
  });
}
