/**
 * How far runs on many machines are: what `jobs status` says, for the page. Behind the keys of administration, since it names files.
 * Looked at once a few seconds at most, however many ask.
 */
import { Type } from 'typebox';
import { PyramidError } from '../../errors.ts';
import type { ToldRun } from '../../jobs/run-status.ts';
import type { RoutePlugin } from '../http/route.ts';
import { ErrorBody } from './v1-schemas.ts';

/** A look reads the folders, and asks the queue. */
const KEPT_MS = 2000;
/** Failures of a run that are told of. */
const LISTED = 20;

const Count = Type.Union([Type.Integer(), Type.Null()]);
const Status = Type.Object({
  kind: Type.Union([Type.Literal('files'), Type.Literal('sweep'), Type.Literal('reproduce')]),
  shards: Type.Object({ all: Type.Integer(), done: Type.Integer(), running: Count, waiting: Count, failed: Count }),
  rows: Type.Object({ all: Type.Integer(), answered: Type.Integer(), rejected: Type.Integer() }),
  rowsPerSecond: Type.Union([Type.Number(), Type.Null()]),
  secondsLeft: Type.Union([Type.Number(), Type.Null()]),
  cancelled: Type.Boolean(),
  failures: Type.Array(
    Type.Object({ shard: Type.Integer(), file: Type.String(), line: Type.Integer(), reason: Type.String() }),
    { description: `the first ${LISTED}` },
  ),
  queueProblem: Type.Union([Type.String(), Type.Null()]),
});
const Runs = Type.Object({
  runs: Type.Array(
    Type.Object({
      run: Type.String({ description: "the run's folder" }),
      status: Type.Union([Status, Type.Null()]),
      problem: Type.Union([Type.String(), Type.Null()], { description: 'why there is no status' }),
    }),
  ),
});

export const jobsRoutes: RoutePlugin = async (app, { runs, isAdminClosed }) => {
  if (runs === null) return;
  const { folders, queueUrl } = runs;
  let kept: { readonly until: number; readonly told: Promise<readonly ToldRun[]> } | null = null;
  const look = (): Promise<readonly ToldRun[]> => {
    if (kept === null || performance.now() >= kept.until)
      kept = {
        until: performance.now() + KEPT_MS,
        told: Promise.all(folders.map((run) => tell(run, queueUrl))),
      };
    return kept.told;
  };
  const schema = {
    hide: isAdminClosed,
    tags: ['Administration'],
    operationId: 'jobs',
    summary: 'How far the runs on many machines are',
    response: { 200: Runs, 401: ErrorBody, 403: ErrorBody, 500: ErrorBody, 503: ErrorBody },
  };
  app.get('/admin/jobs', { schema, config: { access: 'admin' } }, async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    return { runs: await look() } as never;
  });
};

/** A run that cannot be told of hides no other. */
async function tell(run: string, queueUrl: string): Promise<ToldRun> {
  try {
    // a server without runs never loads what they need
    const { status } = await import('../../jobs/status.ts');
    const { failures, ...found } = await status(run, queueUrl);
    return { run, status: { ...found, failures: failures.slice(0, LISTED) }, problem: null };
  } catch (error) {
    if (!(error instanceof PyramidError)) throw error;
    return { run, status: null, problem: error.message };
  }
}
