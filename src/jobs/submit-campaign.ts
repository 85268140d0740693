/** A sweep or a reproduction for many machines: its runs become jobs of the queue, those first that others build on. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { PyramidError } from '../errors.ts';
import { isS3 } from '../storage/s3-client.ts';
import type { GivenTrainOptions } from '../train/options/resolve.ts';
import { campaignRuns, checkCampaign, type SubmittedCampaign } from './campaign-runs.ts';
import { writeManifest } from './manifest.ts';
import { readyOf } from './progress-of-run.ts';
import { ShardQueue, shown } from './queue.ts';
import { runFolder } from './run-folder.ts';

export interface SubmitCampaignOptions {
  readonly campaign: SubmittedCampaign;
  readonly queueUrl: string;
  /** Times that a run is tried. */
  readonly attempts: number;
}

/**
 * How many runs there are.
 * Throws MP_OUT_EXISTS, MP_TASK_UNKNOWN, MP_FILE_MISSING, MP_USAGE, MP_QUEUE, MP_QUEUE_PACKAGE, MP_WRITE.
 */
export async function submitCampaign({ campaign: given, queueUrl, attempts }: SubmitCampaignOptions): Promise<number> {
  const campaign = wholePaths(given);
  const { out } = (campaign.sweep ?? campaign.reproduce)!;
  const folder = runFolder(out);
  await folder.needEmpty();
  await checkCampaign(campaign);
  const { count } = campaignRuns(campaign)!;
  const run = crypto.randomUUID();
  const queue = await ShardQueue.open(run, queueUrl);
  try {
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
      ...campaign,
    };
    await writeManifest(out, manifest);
    const none = Array.from({ length: count }, () => false);
    await queue.add(readyOf({ format: 1, ...manifest }, none), attempts).catch((cause: Error) => {
      const reason = `${cause.message}; what is to be done is written: "jobs retry ${out}" puts it into the queue`;
      throw new PyramidError('MP_QUEUE', { queue: shown(queueUrl), reason }, { cause });
    });
    return count;
  } finally {
    await queue.close();
  }
}

/** Workers run elsewhere: what is a path here must be one there. Throws MP_USAGE. */
function wholePaths({ sweep, reproduce }: SubmittedCampaign): SubmittedCampaign {
  if (sweep) return { sweep: withWholePaths(sweep) };
  const { distilbertModel, ...rest } = withWholePaths(reproduce!);
  return { reproduce: { ...rest, distilbertModel: whole(distilbertModel) ?? null } };
}

function withWholePaths<T extends { readonly out: string; readonly training: GivenTrainOptions }>(options: T): T {
  const { out, training } = options;
  if (isS3(out))
    throw new PyramidError('MP_USAGE', {
      what: `${out} is in S3, and runs are trained in folders`,
      todo: 'give a folder that every worker can write to',
    });
  return {
    ...options,
    out: resolve(out),
    training: {
      ...training,
      ...(training.model !== undefined && { model: whole(training.model)! }),
      ...(training.dataDir !== undefined && { dataDir: whole(training.dataDir) }),
    },
  };
}

const whole = (path: string | null | undefined) => (path && existsSync(path) ? resolve(path) : path);
