// A disk of its own that can be filled and freed: a file system in memory where one may be mounted, else a limit on the size of
// the files that processes write.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** `pids`: who writes on it, asked when it is filled. */
export function smallDisk(dir, bytes, pids) {
  mkdirSync(dir, { recursive: true });
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', dir]).status === 0;
  const ballast = join(dir, 'ballast');
  const limit = (pid, most) => spawnSync('prlimit', ['--pid', String(pid), `--fsize=${most}:unlimited`]);
  return {
    kind: isMounted ? 'a file system without room' : 'files of at most 4 KiB',
    fill() {
      if (isMounted) fillUp(ballast);
      else for (const pid of pids()) limit(pid, 4096);
    },
    free() {
      if (isMounted) rmSync(ballast);
      else for (const pid of pids()) limit(pid, 'unlimited');
    },
    close() {
      if (isMounted) execFileSync('umount', ['-l', dir]);
    },
  };
}

/** Zeros until the last byte is taken. */
function fillUp(path) {
  const file = openSync(path, 'w');
  try {
    for (let size = 2 ** 20; size >= 1; ) {
      try {
        writeSync(file, Buffer.alloc(size));
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error;
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}
