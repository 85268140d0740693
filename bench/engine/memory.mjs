/** What this process holds in memory, from /proc where there is one: all of its threads are in the same figure. */
import { readFileSync } from 'node:fs';

const MIB = 2 ** 20;

/** Resident MiB: all of it, what is this process's alone (`anonymous`), and what is mapped from files or shared. */
export function resident() {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024;
    return {
      all: of('VmRSS'),
      anonymous: of('RssAnon'),
      file: of('RssFile'),
      shared: of('RssShmem'),
      most: of('VmHWM'),
    };
  } catch {
    const all = process.memoryUsage().rss / MIB;
    return { all, anonymous: all, file: 0, shared: 0, most: all };
  }
}

/** How much more the last quarter of `samples` holds than the second one, in the mean: what a quarter alone does is noise. */
export function growth(samples) {
  const quarter = (n) => {
    const part = samples.slice((samples.length * n) / 4, (samples.length * (n + 1)) / 4);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  };
  return quarter(3) - quarter(1);
}
