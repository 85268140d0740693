/**
 * What the server's /metrics say of one model, between two looks at them: rates, latency percentiles, exits. Counters
 * are read as differences; one that fell (a model was reloaded) begins anew. Pure functions.
 */
import { type AuditReading, auditOf } from './audit-reading.ts';
import type { Sample } from './prometheus-text.ts';

export interface Reading {
  /** Milliseconds of the page's clock. */
  readonly at: number;
  readonly samples: readonly Sample[];
}

/** Seconds, or null where there was no request in between. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface Interval extends Percentiles {
  readonly at: number;
  /** Of all models. */
  readonly requestsPerSecond: number;
  readonly textsPerSecond: number;
  readonly refusedPerSecond: number;
  /** null: off. */
  readonly tau: number | null;
  /** Texts that wait or run. */
  readonly queued: number;
  readonly underWay: number;
  /** Texts by the layer that answered, in the order of `layers`. */
  readonly exits: readonly number[];
  /** Share of the dense model's operations that was saved, 0 to 1; null where nothing ran. */
  readonly saved: number | null;
  /** Null: the model is not audited. */
  readonly audit: AuditReading | null;
}

/** `layers` are those that may answer, floor 0 among them where there is one. */
export function intervalOf(before: Reading, after: Reading, model: string, layers: readonly number[]): Interval {
  const seconds = Math.max(0.001, (after.at - before.at) / 1000);
  const grown = (name: string, labels: Sample['labels'] = {}) => {
    const [from, to] = [readingOf(before, name, labels), readingOf(after, name, labels)];
    return to >= from ? to - from : to;
  };
  const tau = readingOf(after, 'te_tau', { model });
  const [spent, saved] = [grown('te_flops_spent_total', { model }), grown('te_flops_saved_total', { model })];
  return {
    at: after.at,
    requestsPerSecond: grown('te_request_success') / seconds,
    textsPerSecond: grown('te_texts_total', { model }) / seconds,
    refusedPerSecond: grown('te_refused_total', { model }) / seconds,
    ...percentiles(before, after, 'te_request_duration'),
    tau: tau < 0 ? null : tau,
    queued: readingOf(after, 'te_queue_size', { model }),
    underWay: readingOf(after, 'te_concurrent_requests'),
    exits: layers.map((layer) => grown('te_exits_total', { model, layer: String(layer) })),
    saved: spent + saved > 0 ? saved / (spent + saved) : null,
    audit: auditOf(after.samples, model),
  };
}

/** Of all the time that the server has run: what needs no length of time. */
export type Total = Pick<Interval, 'p50' | 'p95' | 'p99' | 'tau' | 'queued' | 'exits' | 'saved' | 'audit'>;

export const totalOf = (now: Reading, model: string, layers: readonly number[]): Total =>
  intervalOf({ at: now.at, samples: [] }, now, model, layers);

/** The sum of the samples of that name which have those labels; 0 where there are none. */
function readingOf({ samples }: Reading, name: string, labels: Sample['labels'] = {}): number {
  const wanted = Object.entries(labels);
  let sum = 0;
  for (const sample of samples)
    if (sample.name === name && wanted.every(([key, value]) => sample.labels[key] === value)) sum += sample.value;
  return sum;
}

/** From a histogram's buckets, as PromQL's histogram_quantile: linear inside a bucket. */
function percentiles(before: Reading, after: Reading, name: string): Percentiles {
  const counts = (reading: Reading) =>
    new Map(
      reading.samples
        .filter((sample) => sample.name === `${name}_bucket`)
        .map(({ labels, value }) => [labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le), value]),
    );
  const from = counts(before);
  const cumulated = [...counts(after)]
    .map(([edge, count]) => ({ edge, count: Math.max(0, count - (from.get(edge) ?? 0)) }))
    .sort((a, b) => a.edge - b.edge);
  const total = cumulated.at(-1)?.count ?? 0;
  const at = (share: number) => {
    if (total === 0) return null;
    const rank = share * total;
    const index = cumulated.findIndex(({ count }) => count >= rank);
    const { edge, count } = cumulated[index];
    const below = index === 0 ? { edge: 0, count: 0 } : cumulated[index - 1];
    if (!Number.isFinite(edge)) return below.edge;
    return below.edge + ((edge - below.edge) * (rank - below.count)) / (count - below.count || 1);
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
