/** What the page and the engine's worker say to each other beside messages.ts of the engine. */
import type { Dtype } from '../../pyramid/folder/model-folder.ts';
import type { WebRuntimeOptions } from '../../runtime/web.ts';
import type { SentError } from '../../sent-error.ts';
import type { FromWorker } from '../workers/messages.ts';
import type { FolderHandle } from './dropped-folder.ts';
import type { Fetched } from './url-folder.ts';

/** A model folder as it can be sent to a worker: its address, its handle or its files. */
export type FolderSource = string | FolderHandle | readonly File[];

/** The first message to a worker. */
export interface BrowserStart extends WebRuntimeOptions {
  readonly source: FolderSource;
  /** Null: what the model folder prefers. */
  readonly dtype: Dtype | null;
}

export type FromBrowserWorker =
  | FromWorker
  | { readonly kind: 'fetched'; readonly progress: Fetched }
  /** The network is there, or there is none; or `error` says why it will not come. */
  | { readonly kind: 'network'; readonly error: SentError | null }
  /** It has let go of the model and ends. */
  | { readonly kind: 'ended' };
