/** Which jobs of a run are done, and which may begin: what its folder says, whatever it is a run of. */
import { campaignRuns } from './campaign-runs.ts';
import type { Manifest } from './manifest.ts';
import { recordsOf } from './shard-output.ts';

/** Of each job, in order. Throws MP_S3. */
export async function doneOf(out: string, manifest: Manifest): Promise<boolean[]> {
  const runs = campaignRuns(manifest);
  if (runs) return runs.done();
  return (await recordsOf(out, manifest)).map((record) => record !== null);
}

/** Numbers of the jobs that are not done and wait for no other. `failed`: those that are tried no more. */
export function readyOf(
  manifest: Manifest,
  done: readonly boolean[],
  failed: ReadonlySet<number> = new Set(),
): number[] {
  const runs = campaignRuns(manifest);
  return done.flatMap((isDone, at) => {
    if (isDone || failed.has(at)) return [];
    const { baseline = null, stages = [] } = runs?.before(at) ?? {};
    const waits = (baseline !== null && !done[baseline]) || stages.some((first) => !done[first] && !failed.has(first));
    return waits ? [] : [at];
  });
}
