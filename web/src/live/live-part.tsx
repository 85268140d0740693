/** Live: what the server is doing now, second by second. */
import { useEffect, useMemo } from 'preact/hooks';
import { barChart, type ChartSize } from '../../../src/report/chart.ts';
import { palette } from '../../../src/report/palette.ts';
import { DrawingView } from '../drawing-view.tsx';
import { exitName, exitsOf, percent, short, tauText } from '../format.ts';
import { metricsText } from '../server-engine.ts';
import type { PartProperties } from '../shell/parts.tsx';
import { useNarrow } from '../shell/use-narrow.ts';
import { AuditCard } from './audit-card.tsx';
import type { Interval } from './readings.ts';
import { Strip } from './strip.tsx';
import { watching } from './watching.ts';

const SMALL: ChartSize = { width: 350, height: 260 };
const WIDE: ChartSize = { width: 520, height: 260 };

export function LivePart({ session, active }: PartProperties) {
  const { info } = session.engine;
  const { name } = info;
  const exits = useMemo(() => exitsOf(info), [info]);
  const work = useMemo(() => watching(metricsText, name, exits), [name, exits]);
  useEffect(() => {
    if (!active) return;
    work.start();
    return work.stop;
  }, [work, active]);
  const intervals = work.intervals.value;
  const now = intervals.at(-1);
  return (
    <div class="panel">
      {work.failure.value !== null && (
        <p class="notice failed" role="alert">
          /metrics does not answer: {work.failure.value}
          {now && ' The figures below are the last ones received.'}
        </p>
      )}
      {now ? (
        <div class={`panel${work.failure.value === null ? '' : ' stale'}`}>
          <Now now={now} intervals={intervals} layers={exits} />
        </div>
      ) : (
        work.failure.value === null && <p class="lead">Watching the server …</p>
      )}
    </div>
  );
}

interface NowProperties {
  readonly now: Interval;
  readonly intervals: readonly Interval[];
  /** Those that may answer, floor 0 as 0. */
  readonly layers: readonly number[];
}

function Now({ now, intervals, layers }: NowProperties) {
  const size = useNarrow() ? SMALL : WIDE;
  const line = (value: (interval: Interval) => number | null) => intervals.map(value);
  const ms = (seconds: number | null) => (seconds === null ? '–' : `${short(1000 * seconds)} ms`);
  return (
    <>
      <h2 class="hidden">The server now</h2>
      <div class="tiles">
        <Strip
          name="Requests per second"
          value={short(now.requestsPerSecond)}
          line={line((i) => i.requestsPerSecond)}
        />
        <Strip name="Texts per second" value={short(now.textsPerSecond)} line={line((i) => i.textsPerSecond)} />
        <Strip name="Median latency" value={ms(now.p50)} line={line((i) => i.p50)} />
        <Strip name="95th percentile" value={ms(now.p95)} line={line((i) => i.p95)} />
        <Strip name="99th percentile" value={ms(now.p99)} line={line((i) => i.p99)} />
        <Strip name="tau" value={tauText(now.tau)} line={line((i) => i.tau)} />
        <Strip name="Texts in the queue" value={short(now.queued)} line={line((i) => i.queued)} />
        <Strip name="Rejected per second" value={short(now.refusedPerSecond)} line={line((i) => i.refusedPerSecond)} />
        <Strip
          name="Operations saved"
          value={now.saved === null ? '–' : percent(now.saved)}
          line={line((i) => i.saved)}
        />
      </div>
      {now.audit && <AuditCard audit={now.audit} />}
      <ExitsChart intervals={intervals} layers={layers} size={size} />
    </>
  );
}

/** Exits of all the time that was watched: of one second they would flicker. */
function ExitsChart({ intervals, layers, size }: Omit<NowProperties, 'now'> & { readonly size: ChartSize }) {
  const sums = layers.map((_, l) => intervals.reduce((sum, { exits }) => sum + exits[l], 0));
  const total = sums.reduce((sum, count) => sum + count, 0);
  const shares = sums.map((count) => (total > 0 ? (100 * count) / total : 0));
  const groups = layers.map(String);
  const label = layers[0] === 0 ? 'Layer, 0 is floor 0 →' : 'Layer →';
  const axes = { groups, label, y: { label: '↑ Texts (%)', ticks: 4 }, places: palette(['mp']), size };
  const titles = shares.map((share, l) => `${exitName(layers[l])}: ${share.toFixed(1)} %`);
  return (
    <figure class="card figure exits">
      <h3>Exits by layer</h3>
      {total > 0 && (
        <DrawingView drawing={barChart('Exits by layer', axes, [{ method: 'mp', values: shares, titles }])} />
      )}
      <figcaption>
        {total === 0
          ? 'No text has been answered since you opened this tab.'
          : 'Texts answered since you opened this tab, at most the last two minutes.'}
      </figcaption>
    </figure>
  );
}
