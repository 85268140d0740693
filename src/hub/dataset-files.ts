/** The parquet files of one split of a data set on the hub, in the cache. Knows nothing of what is in them. */
import { join } from 'node:path';
import { type Choose, type HubCallbacks, Unfit } from './choose.ts';
import { type HubSettings, hubSettings } from './settings.ts';

export interface SplitPlace {
  readonly name: string;
  /** Folders of the repository, tried in order. */
  readonly folders: readonly string[];
  /** As the hub calls it: train, validation, test. */
  readonly split: string;
  readonly revision?: string; // main
}

/**
 * Paths of the split's files, in their order.
 * Throws MP_HUB_OFFLINE, MP_HUB_MISSING, MP_HUB_ACCESS, MP_HUB_FAILED, MP_HUB_DISK.
 */
export async function datasetFiles(
  { name, folders, split, revision = 'main' }: SplitPlace,
  { hub = hubSettings(), ...callbacks }: HubCallbacks & { readonly hub?: HubSettings } = {},
): Promise<string[]> {
  const { snapshot } = await import('./snapshot.ts'); // loads the hub's client
  const { dir, files } = await snapshot(
    { kind: 'data set', name, revision },
    splitFiles(folders, split),
    hub,
    callbacks,
  );
  return files.map((file) => join(dir, file));
}

const splitFiles =
  (folders: readonly string[], split: string): Choose =>
  async (paths) => {
    for (const folder of folders) {
      const start = `${folder}/${split}-`;
      const found = paths.filter(
        (path) => path.startsWith(start) && /^\d+-of-\d+\.parquet$/.test(path.slice(start.length)),
      );
      if (found.length === 0) continue;
      const parts = Number(/-of-(\d+)\.parquet$/.exec(found[0])![1]);
      if (found.length !== parts) throw new Unfit(`only ${found.length} of the ${parts} files ${start}… exist`);
      return found.sort();
    }
    throw new Unfit(`the data set has no parquet files ${folders[0]}/${split}-…`);
  };
