/** A run on many machines: how far it is, how fast, and what failed. Nothing where the server has none, or does not tell this reader. */
import { signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { type JobsProgress, jobsProgress } from '../server-engine.ts';
import { jobsRows } from './jobs-rows.ts';

const EVERY_MS = 5000;

export function JobsCard({ active }: { readonly active: boolean }) {
  const progress = useMemo(() => signal<JobsProgress | null>(null), []);
  useEffect(() => {
    if (!active) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let watched = true;
    const look = async () => {
      const found = await jobsProgress();
      if (!watched || found === 'none') return;
      if (found !== 'later') progress.value = found;
      timer = setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      watched = false;
      clearTimeout(timer);
    };
  }, [active, progress]);
  return progress.value && <Progress progress={progress.value} />;
}

function Progress({ progress }: { readonly progress: JobsProgress }) {
  const { failures, queueProblem } = progress;
  return (
    <section class="card jobs">
      <h3>Run on many machines</h3>
      <progress
        class="progress"
        max={progress.rows.all}
        value={progress.rows.answered + progress.rows.rejected}
        aria-label="Rows done"
      />
      {queueProblem !== null && <p class="notice failed">{queueProblem}</p>}
      <table>
        <tbody>
          {jobsRows(progress).map(([name, value]) => (
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
    </section>
  );
}
