/** The shards of files as jobs: a model that answers them, and what this worker did. */
import { Pyramid } from '../engine/index.ts';
import { PyramidError } from '../errors.ts';
import { fingerprint, shortPrint } from './fingerprint.ts';
import type { Manifest } from './manifest.ts';
import { runShard } from './run-shard.ts';
import type { RunWork } from './run-work.ts';
import { recordOf, removeLeftovers } from './shard-output.ts';
import type { WorkerTotals } from './work.ts';

export interface FileWorkOptions {
  readonly out: string;
  readonly manifest: Manifest;
  /** The model's folder. */
  readonly dir: string;
  readonly workers: number | null;
  readonly threads: number | null;
  readonly totals: WorkerTotals;
}

/** Throws MP_JOBS_MODEL, MP_FILE_MISSING. */
export async function needSameModel(out: string, { model }: Manifest, dir: string): Promise<void> {
  const found = await fingerprint(dir);
  if (found === model.fingerprint) return;
  const prints = { expected: shortPrint(model.fingerprint), found: shortPrint(found) };
  throw new PyramidError('MP_JOBS_MODEL', { path: out, model: dir, ...prints });
}

/** Throws MP_MODEL_*. */
export async function fileWork({ out, manifest, dir, workers, threads, totals }: FileWorkOptions): Promise<RunWork> {
  const model = await Pyramid.load(dir, {
    dtype: manifest.dtype ?? undefined,
    workers: workers ?? undefined,
    threads: threads ?? undefined,
  });
  return {
    count: manifest.shards.length,
    noun: 'shard',
    of: 'run',
    isDone: async (at) => (await recordOf(out, manifest.shards[at])) !== null,
    async do(at, signal) {
      const begun = performance.now();
      const { rows, rejected } = await runShard(at, { out, manifest, model, signal });
      totals.rows += rows;
      totals.rejected += rejected;
      const left = rejected > 0 ? `, ${rejected} rejected` : '';
      return `${rows} rows answered${left} in ${((performance.now() - begun) / 1000).toFixed(1)} s`;
    },
    async finish(undone) {
      if (undone.size === 0) await removeLeftovers(out);
    },
    close: () => model.close(),
  };
}
