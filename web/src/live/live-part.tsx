/** Live: what the server is doing now, second by second. */
import { useEffect, useMemo } from 'preact/hooks';
import { barChart, type ChartSize } from '../../../src/report/chart.ts';
import { palette } from '../../../src/report/palette.ts';
import { DrawingView } from '../drawing-view.tsx';
import { exitName, exitsOf, percents, short, sureness, tauText, whole } from '../format.ts';
import { metricsText } from '../server-engine.ts';
import type { PartProperties } from '../shell/parts.tsx';
import { useNarrow } from '../shell/use-narrow.ts';
import { AuditCard } from './audit-card.tsx';
import { JobsCard } from './jobs-card.tsx';
import type { Interval, Total } from './readings.ts';
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
  const total = work.total.value;
  return (
    <div class="panel">
      {work.failure.value !== null && (
        <p class="notice failed" role="alert">
          /metrics does not answer: {work.failure.value}
          {total && ' The figures below are the last ones received.'}
        </p>
      )}
      {total ? (
        <div class={`panel${work.failure.value === null ? '' : ' stale'}`}>
          <Now total={total} intervals={intervals} layers={exits} />
        </div>
      ) : (
        work.failure.value === null && <p class="lead">Asking the server …</p>
      )}
      <JobsCard active={active} />
    </div>
  );
}

interface NowProperties {
  /** Since the server started: what is shown where nothing has happened in the last second. */
  readonly total: Total;
  readonly intervals: readonly Interval[];
  /** Those that may answer, floor 0 as 0. */
  readonly layers: readonly number[];
}

function Now({ total, intervals, layers }: NowProperties) {
  const size = useNarrow() ? SMALL : WIDE;
  const now = intervals.at(-1);
  const line = (value: (interval: Interval) => number | null) => intervals.map(value);
  const rate = (value: number | undefined) => (value === undefined ? '–' : short(value));
  const ms = (seconds: number) => `${short(1000 * seconds)} ms`;
  const sinceStart = (name: string, value: (of: Total) => number | null, text: (value: number) => string) => {
    const current = now ? value(now) : null;
    const found = current ?? value(total);
    return (
      <Strip
        name={name}
        value={found === null ? '–' : text(found)}
        note={current === null && found !== null ? 'since the server started' : null}
        line={line(value)}
      />
    );
  };
  return (
    <>
      <h2 class="hidden">The server now</h2>
      <div class="tiles">
        <Strip
          name="Requests per second"
          value={rate(now?.requestsPerSecond)}
          line={line((i) => i.requestsPerSecond)}
        />
        <Strip name="Texts per second" value={rate(now?.textsPerSecond)} line={line((i) => i.textsPerSecond)} />
        {sinceStart('Median latency', (i) => i.p50, ms)}
        {sinceStart('95th percentile', (i) => i.p95, ms)}
        {sinceStart('99th percentile', (i) => i.p99, ms)}
        <Strip name="tau" value={tauText((now ?? total).tau)} line={line((i) => i.tau)} />
        <Strip name="Texts in the queue" value={short((now ?? total).queued)} line={line((i) => i.queued)} />
        <Strip name="Rejected per second" value={rate(now?.refusedPerSecond)} line={line((i) => i.refusedPerSecond)} />
        {sinceStart('Operations saved', (i) => i.saved, sureness)}
      </div>
      {total.audit && <AuditCard audit={total.audit} />}
      <ExitsChart total={total} layers={layers} size={size} />
    </>
  );
}

/** Exits of all the time that the server has run: of one second they would flicker. */
function ExitsChart({
  total: { exits },
  layers,
  size,
}: Omit<NowProperties, 'intervals'> & { readonly size: ChartSize }) {
  const texts = exits.reduce((sum, count) => sum + count, 0);
  const shares = exits.map((count) => (texts > 0 ? count / texts : 0));
  const groups = layers.map(String);
  const label = layers[0] === 0 ? 'Layer, 0 is floor 0 →' : 'Layer →';
  const axes = { groups, label, y: { label: '↑ Texts (%)', ticks: 4 }, places: palette(['mp']), size };
  const inWords = percents(shares);
  const titles = shares.map((_, l) => `${exitName(layers[l])}: ${inWords[l]}`);
  const values = shares.map((share) => 100 * share);
  return (
    <figure class="card figure exits">
      <h3>Exits by layer</h3>
      {texts > 0 && <DrawingView drawing={barChart('Exits by layer', axes, [{ method: 'mp', values, titles }])} />}
      <figcaption>
        {texts === 0
          ? 'The server has answered no text yet. Ask it one under Try, and come back.'
          : `Where the ${whole(texts)} ${texts === 1 ? 'text' : 'texts'} left that this server has answered since it started.`}
      </figcaption>
    </figure>
  );
}
