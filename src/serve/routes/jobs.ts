/**
 * How far a run on many machines is: what `jobs status` says, for the page. Behind the keys of administration, since it names files.
 * Looked at once a few seconds at most, however many ask.
 */
import { Type } from 'typebox';
import type { RunStatus } from '../../jobs/status.ts';
import type { RoutePlugin } from '../http/route.ts';
import { ErrorBody } from './v1-schemas.ts';

/** A look reads the folder, and asks the queue. */
const KEPT_MS = 2000;
/** Failures that are told of. */
const LISTED = 20;

const Count = Type.Union([Type.Integer(), Type.Null()]);
const Progress = Type.Object({
  run: Type.String({ description: "the run's folder" }),
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

export const jobsRoutes: RoutePlugin = async (app, { run, isAdminClosed }) => {
  if (run === null) return;
  const { out, queueUrl } = run;
  let kept: { readonly until: number; readonly status: Promise<RunStatus> } | null = null;
  const look = (): Promise<RunStatus> => {
    if (kept === null || performance.now() >= kept.until)
      // a server without runs never loads what they need
      kept = {
        until: performance.now() + KEPT_MS,
        status: import('../../jobs/status.ts').then(({ status }) => status(out, queueUrl)),
      };
    return kept.status;
  };
  const schema = {
    hide: isAdminClosed,
    tags: ['Administration'],
    operationId: 'jobs',
    summary: 'How far the run on many machines is',
    response: { 200: Progress, 401: ErrorBody, 403: ErrorBody, 500: ErrorBody, 503: ErrorBody },
  };
  app.get('/admin/jobs', { schema, config: { access: 'admin' } }, async (_request, reply) => {
    const { failures, ...status } = await look();
    reply.header('cache-control', 'no-store');
    return { run: out, ...status, failures: failures.slice(0, LISTED) } as never;
  });
};
