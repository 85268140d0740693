/**
 * Parquet files as tables, through hyparquet, one row group at a time. Numbered labels that carry names in the
 * metadata of Hugging Face's `datasets` (ClassLabel) come out as the names.
 */
import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { PyramidError } from '../errors.ts';
import type { Table, TableRow } from './table.ts';

/** @throws MP_DATA_FILE if it is no parquet file, or a truncated or corrupt one */
export async function openParquet(path: string): Promise<Table> {
  const sound = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const problem = `it cannot be read as parquet (${(error as Error).message})`;
      throw new PyramidError('MP_DATA_FILE', { path, problem }, { cause: error });
    }
  };
  const file = await asyncBufferFromFile(path);
  if (file.byteLength === 0) return { columns: [], rows: (async function* () {})() };
  const metadata = await sound(() => parquetMetadataAsync(file));
  const columns = parquetSchema(metadata).children.map((child) => child.element.name);
  const names = classNames(metadata);

  async function* rows(): AsyncGenerator<TableRow> {
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const objects = await sound(() => parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors }));
      for (const [i, object] of objects.entries()) {
        const cells = columns.map((name) => {
          const classes = names.get(name);
          return classes ? classes[Number(object[name])] : object[name];
        });
        yield { kind: 'row', line: rowStart + i + 1, cells };
      }
      rowStart = rowEnd;
    }
  }
  return { columns, rows: rows() };
}

/** Column to class names, from the `huggingface` entry of the file's metadata. */
function classNames(metadata: FileMetaData): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  const entry = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  if (!entry) return names;
  let features: Readonly<Record<string, { readonly _type?: string; readonly names?: unknown }>> = {};
  try {
    features = JSON.parse(entry)?.info?.features ?? {};
  } catch {
    // another program's entry under this key: the numbers stay numbers
  }
  for (const [column, feature] of Object.entries(features)) {
    if (feature?._type === 'ClassLabel' && Array.isArray(feature.names)) names.set(column, feature.names.map(String));
  }
  return names;
}
