/** How far a run on many machines is, as data: what `jobs status` prints, `/admin/jobs` tells and the page shows. Types alone. */
export interface RunStatus {
  /** Of a sweep or a reproduction shards and rows are its runs, and a failure's file is a run's name. */
  readonly kind: 'files' | 'sweep' | 'reproduce';
  readonly shards: {
    readonly all: number;
    readonly done: number;
    /** Of the queue; null: it is not reached. */
    readonly running: number | null;
    readonly waiting: number | null;
    readonly failed: number | null;
  };
  readonly rows: { readonly all: number; readonly answered: number; readonly rejected: number };
  /** Rows a second, over the last minutes in which shards were done; null: none is done. */
  readonly rowsPerSecond: number | null;
  readonly secondsLeft: number | null;
  readonly cancelled: boolean;
  readonly failures: readonly (FailedShard & { readonly file: string; readonly line: number })[];
  /** Why the queue is not reached; null: it is. */
  readonly queueProblem: string | null;
}

export interface FailedShard {
  readonly shard: number;
  readonly reason: string;
  readonly attempts: number;
}

/** What a server tells of one of its runs. */
export interface ToldRun {
  /** Its folder. */
  readonly run: string;
  /** null: the folder tells nothing, `problem` says why. */
  readonly status: RunStatus | null;
  readonly problem: string | null;
}
