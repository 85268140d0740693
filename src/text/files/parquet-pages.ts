/**
 * The page headers of a column chunk, checked before anything is decoded: sizes that lie inside the chunk, and as many
 * values as the row group has rows. hyparquet believes them: a size below zero makes it read the same page for ever, a
 * count of billions fills the memory.
 */

import { parquetHeader } from 'hyparquet/src/column.js';
import type { DataReader } from 'hyparquet/src/types.js';
import { MOST_PLACES } from './bounded-arrays.ts';

/** Values of a column of lists in a row group: each list takes memory of its own. */
const MOST_LISTED = 2 ** 23;

/** Bytes of a page, unpacked. Writers make pages of about one MiB, some one page of a whole column of a row group. */
const LARGEST_PAGE = 2 ** 30;

/**
 * Throws an Error unless `bytes`, a chunk of a column, has sound pages with `rows` values in all; `lists`: of a column of lists,
 * with no more values than can be held.
 */
export function checkPages(bytes: ArrayBuffer, rows: number, lists = false): void {
  const most = lists ? MOST_LISTED : rows;
  const reader: DataReader = { view: new DataView(bytes), offset: 0 };
  const end = bytes.byteLength;
  let values = 0;
  const fail = (what: string): never => {
    throw new Error(`a page header that says ${what}`);
  };
  const count = (value: unknown, most: number, what: string): number =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most
      ? (value as number)
      : fail(`${what} ${String(value)}`);
  // as hyparquet goes through them
  while ((lists || values < rows) && reader.offset < end - 1) {
    const header = parquetHeader(reader);
    const packed = count(header.compressed_page_size, end - reader.offset, 'packed bytes');
    const unpacked = count(header.uncompressed_page_size, LARGEST_PAGE, 'unpacked bytes');
    if (header.type === 'DATA_PAGE') values += count(header.data_page_header?.num_values, most - values, 'values');
    else if (header.type === 'DATA_PAGE_V2') {
      const page = header.data_page_header_v2;
      const here = count(page?.num_values, most - values, 'values');
      count(page?.num_nulls, here, 'nulls');
      if (lists) count(page?.num_rows, rows, 'rows');
      else if (page?.num_rows !== here) fail(`rows ${page?.num_rows}`);
      const levels = count(page?.repetition_levels_byte_length, packed, 'bytes of levels');
      count(page?.definition_levels_byte_length, packed - levels, 'bytes of levels');
      values += here;
    } else if (header.type === 'DICTIONARY_PAGE') {
      // a value takes a byte at least: there is no dictionary of booleans
      count(header.dictionary_page_header?.num_values, Math.min(unpacked, MOST_PLACES), 'values');
    }
    reader.offset += packed;
  }
  if (!lists && values !== rows) throw new Error(`a column of ${values} values where there are ${rows} rows`);
}
