/** A folder and the folders above it. Knows nothing of what they are for. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** One by one: Node's own way never ends where a folder is there and nothing can be made in it, as in /proc. */
export async function makeFolder(dir: string): Promise<void> {
  const found = await stat(dir).catch(({ code }: NodeJS.ErrnoException) => code);
  if (typeof found === 'object' && found.isDirectory()) return;
  if (found === 'ENOENT' && dirname(dir) !== dir) await makeFolder(dirname(dir));
  await mkdir(dir).catch(async (error: NodeJS.ErrnoException) => {
    // another made it just now
    if (error.code !== 'EEXIST' || !(await stat(dir)).isDirectory()) throw error;
  });
}
