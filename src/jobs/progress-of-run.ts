/** Which jobs of a run are done, and which may begin: what its folder says, whatever it is a run of. */
import type { Manifest } from './manifest.ts';
import { recordsOf } from './shard-output.ts';
import { sweepRuns } from './sweep-runs.ts';

/** Of each job, in order. Throws MP_S3. */
export async function doneOf(out: string, manifest: Manifest): Promise<boolean[]> {
  if (manifest.sweep) return sweepRuns(manifest.sweep).done();
  return (await recordsOf(out, manifest)).map((record) => record !== null);
}

/** Numbers of the jobs that are not done and wait for no other. */
export function readyOf(manifest: Manifest, done: readonly boolean[]): number[] {
  const needs = manifest.sweep ? sweepRuns(manifest.sweep).needs : () => null;
  return done.flatMap((isDone, at) => {
    const first = needs(at);
    return isDone || (first !== null && !done[first]) ? [] : [at];
  });
}
