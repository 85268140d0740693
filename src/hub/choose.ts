/** Types and choices between a download and its caller. Loads no other code, so importing it costs nothing. */

export interface DownloadProgress {
  /** The repository. */
  readonly name: string;
  /** Of the files that were not in the cache, in bytes. */
  readonly received: number;
  /** Bytes of those files, all together. */
  readonly total: number;
}

export interface HubCallbacks {
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly onNote?: (text: string) => void;
}

/**
 * Which of a repository's files are wanted. `read` gives the content of one of them. Throws Unfit if what is needed is
 * not among them.
 */
export type Choose = (paths: readonly string[], read: (path: string) => Promise<string>) => Promise<readonly string[]>;

/** A repository, or what is in the cache of it, lacks what is needed; `message` says what. */
export class Unfit extends Error {}
