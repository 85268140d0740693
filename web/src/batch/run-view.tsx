/** A run: how far it is, what came of it so far, and the results with their filters and downloads. */
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { mayExit } from '../../../src/pyramid/exits/exit-rule.ts';
import { UNSURE } from '../../../src/pyramid/folder/abstention.ts';
import { exitName, exitsOf, meanExitText, percent, short, tauText, whole } from '../format.ts';
import type { Session } from '../session.ts';
import { Labelled } from '../shell/labelled.tsx';
import { type DownloadKind, resultsFile, save } from './download.ts';
import { everything, type SortKey, type View } from './results.ts';
import { ResultsTable } from './results-table.tsx';
import type { RowSource } from './row-source.ts';
import type { Run } from './running.ts';

interface Properties {
  readonly run: Run;
  readonly source: RowSource;
  readonly session: Session;
  readonly onDiscard: () => void;
}

/** A view that took long to make is renewed so many times less often than it takes, while rows are still coming. */
const RENEW_FACTOR = 15;

export function RunView({ run, source, session, onDiscard }: Properties) {
  const { results } = run;
  const view = useSignal<View>(everything);
  const saving = useSignal(false);
  const { done, share, seconds, bad, firstBad } = run.progress.value;
  const running = run.state.value === 'running';
  const selected = useSelection(run, view.value);
  const { info } = session.engine;
  const isNumber = info.problemType === 'regression';

  const change = (part: Partial<View>) => {
    view.value = { ...view.value, ...part };
  };
  const sort = (key: SortKey) => {
    const again = view.value.sort === key;
    // what is looked for first: the doubtful and the late
    change({ sort: key, descending: again ? !view.value.descending : key === 'exit' });
  };
  const download = async (kind: DownloadKind) => {
    saving.value = true;
    const rows = results.select({ ...view.value, sort: 'row', descending: false });
    save(await resultsFile(results, rows, kind), `${source.name.replace(/\.[^.]+$/, '')}-labelled.${kind}`);
    saving.value = false;
  };
  const rate = seconds > 0 ? done / seconds : 0;
  const left = share > 0.01 ? (seconds * (1 - share)) / share : null;
  return (
    <>
      <div class="card run">
        <div class="row run-head">
          <h2>{source.name}</h2>
          {running ? (
            <button type="button" class="button" onClick={run.stop}>
              Stop
            </button>
          ) : (
            <button type="button" class="button" onClick={onDiscard}>
              Another file
            </button>
          )}
        </div>
        <progress class="progress" max={1} value={running ? share : 1} aria-label="Progress" />
        <p class="number" role="status">
          {whole(done)} {done === 1 ? 'text' : 'texts'}
          {running
            ? ''
            : { done: ', finished', stopped: ', stopped', failed: ', then an error', running: '' }[run.state.value]}
          <span class="soft">
            {mayExit(info) && `, at tau ${tauText(run.tau)}`}
            {rate > 0 && `, ${rate < 100 ? short(rate) : whole(Math.round(rate))} per second`}
            {running && left !== null && `, about ${duration(left)} left`}
          </span>
        </p>
        {run.failure.value !== null && (
          <p class="notice failed" role="alert">
            {run.failure.value}
          </p>
        )}
        {bad > 0 && (
          <p class="notice">
            {whole(bad)} {bad === 1 ? 'line is' : 'lines are'} not a JSON object (the first is line{' '}
            {whole(firstBad ?? 0)}) and skipped.
          </p>
        )}
        {done > 0 && !isNumber && (
          <dl class="bars counts">
            {results.labelCounts.slice(0, 12).map(([label, count]) => (
              <LabelCount key={label} label={label} count={count} of={done} />
            ))}
          </dl>
        )}
        {done > 0 && mayExit(info) && (
          <p class="soft">
            Mean exit: {meanExitText(results.meanExit)}; the network has {info.shape.layers} layers.
          </p>
        )}
      </div>
      {done > 0 && (
        <>
          <div class="row">
            {!isNumber && (
              <Labelled name="Label">
                {(id) => (
                  <select
                    id={id}
                    class="field"
                    onChange={(event) => change({ label: event.currentTarget.value || null })}
                  >
                    <option value="">any</option>
                    {[...info.labels, ...(info.abstention ? [UNSURE] : [])].map((label) => (
                      <option key={label}>{label}</option>
                    ))}
                  </select>
                )}
              </Labelled>
            )}
            <Labelled name="Exit">
              {(id) => (
                <select
                  id={id}
                  class="field"
                  onChange={({ currentTarget: { value } }) => change({ exit: value === '' ? null : Number(value) })}
                >
                  <option value="">any</option>
                  {exitsOf(info).map((exit) => (
                    <option key={exit} value={String(exit)}>
                      {exitName(exit)}
                    </option>
                  ))}
                </select>
              )}
            </Labelled>
            <Bound
              name={isNumber ? 'Number, from' : `${results.several ? 'Highest score' : 'Confidence'}, from %`}
              end={everything.from}
              isNumber={isNumber}
              value={view.value.from}
              onChange={(from) => change({ from })}
            />
            <Bound
              name={isNumber ? 'to' : 'to %'}
              end={everything.to}
              isNumber={isNumber}
              value={view.value.to}
              onChange={(to) => change({ to })}
            />
            <p class="soft number shown" role="status">
              {whole(selected.length)} of {whole(done)} shown
            </p>
            <span class="downloads">
              <button type="button" class="button" disabled={saving.value} onClick={() => void download('csv')}>
                Download CSV
              </button>{' '}
              <button type="button" class="button" disabled={saving.value} onClick={() => void download('jsonl')}>
                Download JSONL
              </button>
            </span>
          </div>
          <ResultsTable
            results={results}
            selected={selected}
            view={view.value}
            scoreName={isNumber ? 'Number' : results.several ? 'Score' : 'Sure'}
            onSort={sort}
          />
        </>
      )}
    </>
  );
}

/** The rows of the view: at once when the view changes or the run ends, now and then while rows are coming. */
function useSelection({ results, state }: Run, view: View): Uint32Array {
  const held = useRef<
    | {
        readonly view: View;
        readonly count: number;
        readonly due: number;
        readonly rows: Uint32Array;
      }
    | undefined
  >(undefined);
  const begin = performance.now();
  const last = held.current;
  const early = state.value === 'running' && last !== undefined && begin < last.due;
  if (last?.view === view && (last.count === results.count || early)) return last.rows;
  const rows = results.select(view);
  const end = performance.now();
  held.current = { view, count: results.count, due: end + RENEW_FACTOR * (end - begin), rows };
  return rows;
}

function LabelCount({ label, count, of }: { readonly label: string; readonly count: number; readonly of: number }) {
  return (
    <>
      <dt title={label}>{label}</dt>
      <dd aria-hidden="true">
        <span class="bar-track">
          <span class="bar-fill" style={{ width: `${(100 * count) / of}%` }} />
        </span>
      </dd>
      <dd class="value">
        {whole(count)} <span class="soft">{percent(count / of)}</span>
      </dd>
    </>
  );
}

interface BoundProperties {
  readonly name: string;
  /** Without a bound: −∞ or ∞. */
  readonly end: number;
  /** The bound is a number as it is, else a share that is shown in per cent. */
  readonly isNumber: boolean;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

const Bound = ({ name, end, isNumber, value, onChange }: BoundProperties) => (
  <Labelled name={name}>
    {(id) => (
      <input
        id={id}
        class="field bound"
        type="number"
        {...(isNumber ? { step: 'any' } : { min: '0', max: '100', step: '1' })}
        value={isNumber ? (Number.isFinite(value) ? value : '') : Math.round(100 * share(value))}
        onChange={({ currentTarget: { value: text } }) =>
          onChange(isNumber ? (text === '' ? end : Number(text)) : share(Number(text) / 100))
        }
      />
    )}
  </Labelled>
);

const share = (value: number) => Math.max(0, Math.min(1, value));

const duration = (seconds: number) =>
  seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
