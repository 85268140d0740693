/** `--shard I/N`: one of the parts that a file is divided into. Opens nothing. */
import { customOption } from '../../option.ts';
import type { FileShard } from '../../text/file-shards.ts';

export const shardOption = (group: string) =>
  customOption<FileShard | null>({
    group,
    default: null,
    placeholder: 'I/N',
    help: 'of --file only the part I (from 0) of N: rows that follow one another, about as many bytes in each part; joined in their order, the answers of all parts are those of the file',
    expected: 'a number from 0, a slash and how many parts there are, as 0/4',
    read: (raw) => {
      const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(String(raw)) ?? [];
      return index !== undefined && Number(index) < Number(count)
        ? { index: Number(index), count: Number(count) }
        : undefined;
    },
  });
