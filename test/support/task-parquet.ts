/** The parquet files of a task as the hub has them, from rows of our own. */
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { Dataset } from '../../src/text/example.ts';
import type { HubTask } from '../../src/text/tasks.ts';

/** `named`: with the classes' names in the metadata, as Hugging Face's `datasets` writes them. */
export function taskParquet(
  { text, pair, label, classes }: HubTask,
  { examples }: Dataset,
  named: boolean,
): Uint8Array {
  const features = { [label]: { names: classes, _type: 'ClassLabel' } };
  const columnData = [
    { name: text, data: examples.map((example) => example.text), type: 'STRING' as const },
    ...(pair === null ? [] : [{ name: pair, data: examples.map((example) => example.pair!), type: 'STRING' as const }]),
    { name: label, data: examples.map((example) => BigInt(example.label)), type: 'INT64' as const },
    { name: 'idx', data: examples.map((_, i) => i), type: 'INT32' as const },
  ];
  const kvMetadata = named ? [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }] : [];
  return new Uint8Array(parquetWriteBuffer({ columnData, kvMetadata }));
}
