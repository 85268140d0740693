/** A sweep for many machines: its runs become jobs of the queue, plain BERT first, which the others build on. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { PyramidError } from '../errors.ts';
import { checkSweep, type SweepOptions } from '../experiment/sweep/sweep.ts';
import { isS3 } from '../storage/s3-client.ts';
import { writeManifest } from './manifest.ts';
import { readyOf } from './progress-of-run.ts';
import { ShardQueue, shown } from './queue.ts';
import { runFolder } from './run-folder.ts';
import { sweepRuns } from './sweep-runs.ts';

export interface SubmitSweepOptions {
  readonly sweep: SweepOptions;
  readonly queueUrl: string;
  /** Times that a run is tried. */
  readonly attempts: number;
}

/** How many runs there are. Throws MP_OUT_EXISTS, MP_TASK_UNKNOWN, MP_USAGE, MP_QUEUE, MP_QUEUE_PACKAGE, MP_WRITE. */
export async function submitSweep({ sweep: given, queueUrl, attempts }: SubmitSweepOptions): Promise<number> {
  if (isS3(given.out))
    throw new PyramidError('MP_USAGE', {
      what: `${given.out} is in S3, and runs are trained in folders`,
      todo: 'give a folder that every worker can write to',
    });
  const sweep = wholePaths(given);
  const folder = runFolder(sweep.out);
  await folder.needEmpty();
  await checkSweep(sweep);
  const run = crypto.randomUUID();
  const queue = await ShardQueue.open(run, queueUrl);
  try {
    const { count } = sweepRuns(sweep);
    const manifest = {
      run,
      submitted: new Date().toISOString(),
      model: { path: '', fingerprint: '' },
      tau: null,
      topK: 1,
      dtype: null,
      attempts,
      files: [],
      shards: [],
      sweep,
    };
    await writeManifest(sweep.out, manifest);
    const none = Array.from({ length: count }, () => false);
    await queue.add(readyOf({ format: 1, ...manifest }, none), attempts).catch((cause: Error) => {
      const reason = `${cause.message}; what is to be done is written: "jobs retry ${given.out}" puts it into the queue`;
      throw new PyramidError('MP_QUEUE', { queue: shown(queueUrl), reason }, { cause });
    });
    return count;
  } finally {
    await queue.close();
  }
}

/** Workers run elsewhere: what is a path here must be one there. */
function wholePaths(options: SweepOptions): SweepOptions {
  const { training } = options;
  const whole = (path: string | null | undefined) => (path && existsSync(path) ? resolve(path) : path);
  return {
    ...options,
    out: resolve(options.out),
    training: {
      ...training,
      ...(training.model !== undefined && { model: whole(training.model)! }),
      ...(training.dataDir !== undefined && { dataDir: whole(training.dataDir) }),
    },
  };
}
