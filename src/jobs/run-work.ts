/** What a worker does with the jobs of a run, whatever they are: shards of files, or the runs of a sweep or a reproduction. */
export interface RunWork {
  readonly count: number;
  /** What people call a job. */
  readonly noun: 'shard' | 'run';
  /** What people call all of them. */
  readonly of: 'run' | 'sweep' | 'reproduction';
  isDone(at: number): Promise<boolean>;
  /** Does it, and says what came of it. Throws the signal's reason where that gives up. */
  do(at: number, signal: AbortSignal): Promise<string>;
  /** Once nothing is left to do. `undone`: by number, why those that are not done failed; null: they waited for one that did. */
  finish(undone: ReadonlyMap<number, string | null>): Promise<void>;
  close(): Promise<void>;
}
