/** What a worker does with the jobs of a run, whatever they are: shards of files, or the runs of a sweep. */
export interface RunWork {
  readonly count: number;
  /** What people call a job. */
  readonly noun: 'shard' | 'run';
  isDone(at: number): Promise<boolean>;
  /** Does it, and says what came of it. Throws the signal's reason where that gives up. */
  do(at: number, signal: AbortSignal): Promise<string>;
  /** Once all are done. */
  finish(): Promise<void>;
  close(): Promise<void>;
}
