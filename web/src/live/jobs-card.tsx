/** Runs on many machines: how far each is, how fast, and what failed. Nothing where the server has none, or does not tell this reader. */
import { signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { RunStatus, ToldRun } from '../../../src/jobs/run-status.ts';
import { runsOfServer } from '../server-engine.ts';
import { jobsRows } from './jobs-rows.ts';

const EVERY_MS = 5000;

export function JobsCard({ active }: { readonly active: boolean }) {
  const runs = useMemo(() => signal<readonly ToldRun[]>([]), []);
  useEffect(() => {
    if (!active) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let watched = true;
    const look = async () => {
      const found = await runsOfServer();
      if (!watched || found === 'none') return;
      if (found !== 'later') runs.value = found;
      timer = setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      watched = false;
      clearTimeout(timer);
    };
  }, [active, runs]);
  if (runs.value.length === 0) return null;
  return (
    <section class="card jobs">
      <h3>Runs on many machines</h3>
      {runs.value.map(({ run, status, problem }) => (
        <div key={run}>
          <h4>{run}</h4>
          {status ? <Progress run={run} status={status} /> : <p class="notice failed">{problem}</p>}
        </div>
      ))}
    </section>
  );
}

function Progress({ run, status }: { readonly run: string; readonly status: RunStatus }) {
  const { rows, failures, queueProblem } = status;
  return (
    <>
      <progress class="progress" max={rows.all} value={rows.answered + rows.rejected} aria-label={`Done of ${run}`} />
      {queueProblem !== null && <p class="notice failed">{queueProblem}</p>}
      <table>
        <tbody>
          {jobsRows(status).map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="number">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {failures.map(({ shard, file, reason }) => (
        <p class="soft" key={shard}>
          {file}: {reason}
        </p>
      ))}
    </>
  );
}
