export type { DownloadProgress, HubCallbacks } from './choose.ts';
export { datasetFiles, type SplitPlace } from './dataset-files.ts';
export type { Pushed, PushOptions } from './push-model.ts';
export { type ResolveModelOptions, resolveModel } from './resolve-model.ts';
export { type HubSettings, hubSettings } from './settings.ts';
