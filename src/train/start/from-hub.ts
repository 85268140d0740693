/** Where a run's model and a known task's rows come from: a folder on disk, or the hub by name. */
import { datasetFiles, type HubCallbacks, resolveModel } from '../../hub/index.ts';
import type { Dataset } from '../../text/example.ts';
import { readHubTask, readTask, type TaskSplit, taskNamed } from '../../text/index.ts';
import type { OnTrainEvent } from '../events.ts';

/** The model's folder, from a path or a hub id. Throws MP_FILE_MISSING, MP_HUB_*. */
export const modelFolder = (dirOrId: string, onEvent: OnTrainEvent): Promise<string> =>
  resolveModel(dirOrId, callbacks(onEvent));

/**
 * One split of a task, from `dataDir` or, where that is null, from the hub.
 * Throws MP_TASK_UNKNOWN, MP_FILE_MISSING, MP_DATA_*, MP_HUB_*.
 */
export async function taskRows(
  name: string,
  dataDir: string | null,
  split: TaskSplit,
  onEvent: OnTrainEvent,
): Promise<Dataset> {
  if (dataDir !== null) return readTask(name, dataDir, split);
  const { hub } = taskNamed(name);
  const place = { name: hub.name, folders: hub.folders, split: hub.splits[split] };
  return readHubTask(name, await datasetFiles(place, callbacks(onEvent)));
}

const callbacks = (onEvent: OnTrainEvent): HubCallbacks => ({
  onProgress: (progress) => onEvent({ kind: 'download', ...progress }),
  onNote: (text) => onEvent({ kind: 'note', text }),
});
