/**
 * A file divided among machines that do not speak with each other: each finds the same parts and takes its own. Knows nothing of
 * what is done with them.
 */
import { sizeOf } from '../storage/stored-bytes.ts';
import { type CutFile, type CutOptions, cutFile } from './cut-file.ts';
import { checkDataFile } from './files/data-file.ts';
import { formatOf } from './files/format.ts';

/** Parts of a shard: the more, the closer shards are in size. */
const PARTS = 8;

export interface FileShard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/**
 * The parts of one of `count` shards, in the order of the file; those of all shards, in order, are the file's. A file that cannot be
 * cut is the first shard, and the others are empty.
 * @throws as `cutFile`
 */
export async function fileShard(
  path: string,
  columns: Omit<CutOptions, 'bytes'>,
  { index, count }: FileShard,
): Promise<Pick<CutFile, 'read' | 'parts' | 'whole'>> {
  await checkDataFile(path, formatOf(path) ?? '');
  const bytes = Math.max(1, Math.ceil((await sizeOf(path)) / (count * PARTS)));
  const { read, parts, whole } = await cutFile(path, { ...columns, bytes });
  const at = (shard: number) => Math.ceil((shard * parts.length) / count);
  return { read, parts: parts.slice(at(index), at(index + 1)), whole };
}
