/**
 * What Prometheus reads: names in the style of Text Embeddings Inference, and what is particular to a pyramid (exits and
 * tokens by layer, tau, operations spent and saved). Counters are read from the models' totals when they are asked for,
 * so that a request pays for the histograms only.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry as Prometheus } from 'prom-client';
import { AUDIT_METRICS } from './audit/audit-metrics.ts';
import type { Classified } from './served-model.ts';
import type { ServedPyramid } from './served-pyramid.ts';

/** Seconds. */
const TIMES = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 10];
const LENGTHS = [8, 16, 32, 64, 128, 256, 512];

export interface MetricsSource {
  /** The models that answer now. */
  readonly models: () => readonly ServedPyramid[];
  /** Requests under way. */
  readonly requests: () => number;
}

/** Values of a metric by its labels. */
type Values = readonly (readonly [labels: Readonly<Record<string, string | number>>, value: number])[];

export class Metrics {
  readonly #registry = new Prometheus();
  readonly #duration: Histogram;
  readonly #queue: Histogram;
  readonly #tokenize: Histogram;
  readonly #inference: Histogram;
  readonly #length: Histogram;
  readonly #failures: Counter;
  #succeeded = 0;
  #count = 0;

  constructor() {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    const times = (name: string, help: string) =>
      new Histogram({ name: `te_request_${name}`, help, buckets: TIMES, registers });
    this.#duration = times('duration', 'seconds from admission to the answer');
    this.#queue = times('queue_duration', 'seconds that a text waited for a worker');
    this.#tokenize = times('tokenization_duration', 'seconds that tokenising a text took');
    this.#inference = times('inference_duration', 'seconds from a tokenised text to its answer');
    this.#length = new Histogram({
      name: 'te_request_input_length',
      help: 'tokens of a text, special ones included',
      buckets: LENGTHS,
      registers,
    });
    this.#failures = new Counter({
      name: 'te_request_failure',
      help: 'requests that failed or were rejected, by error code',
      labelNames: ['err'],
      registers,
    });
    this.#counter('te_request_count', 'requests to classify texts', [], () => [[{}, this.#count]]);
    this.#counter('te_request_success', 'requests that were answered', [], () => [[{}, this.#succeeded]]);
  }

  /** Adds what is read of the models, and of the requests under way. To be called once. */
  watch({ models, requests }: MetricsSource): void {
    this.#gauge('te_concurrent_requests', 'requests under way', [], () => [[{}, requests()]]);
    this.#watchQueues(models);
    this.#watchTotals(models);
    this.#watchAudits(models);
  }

  #watchQueues(models: MetricsSource['models']): void {
    const byModel = (name: string, help: string, value: (model: ServedPyramid) => number) =>
      this.#gauge(name, help, ['model'], () => models().map((model) => [{ model: model.name }, value(model)]));
    byModel('te_queue_size', 'texts in the queue', ({ admission }) => admission.texts);
    this.#gauge('te_queue_texts', 'texts that wait for a worker, or run in one', ['model', 'state'], () =>
      models().flatMap(({ name: model, load }) => [
        [{ model, state: 'waiting' }, load.waiting] as const,
        [{ model, state: 'running' }, load.running] as const,
      ]),
    );
    this.#gauge(
      'te_queue_level_texts',
      'texts by layer: 0 not yet tokenised, l before layer l or in it',
      ['model', 'level'],
      async () => {
        const found = await Promise.all(
          models().map(async (one) => ({ model: one.name, levels: (await one.queueLevels()) ?? [] })),
        );
        return found.flatMap(({ model, levels }) => levels.map((texts, level) => [{ model, level }, texts] as const));
      },
    );
    byModel(
      'te_queue_work',
      'tokens x layers in the queue, counted as if no text exited early',
      ({ admission }) => admission.work,
    );
    byModel(
      'te_queue_expected_seconds',
      'seconds until the queue should be answered',
      ({ admission }) => admission.expectedMs / 1000,
    );
    byModel('te_tau', 'tau of requests that give none; -1: early exit is off', ({ tau }) => tau ?? -1);
  }

  /** Of a model that is reloaded these begin at 0 again, as a counter may. */
  #watchTotals(models: MetricsSource['models']): void {
    const byModel = (name: string, help: string, value: (model: ServedPyramid) => number) =>
      this.#counter(name, help, ['model'], () => models().map((model) => [{ model: model.name }, value(model)]));
    byModel('te_texts_total', 'texts that were answered', ({ totals }) => totals.texts);
    byModel('te_truncated_total', 'texts that were truncated', ({ totals }) => totals.truncated);
    byModel('te_tokens_total', 'tokens of the texts that were answered', ({ totals }) => totals.tokens);
    byModel('te_flops_spent_total', 'operations used', ({ totals }) => totals.flops);
    byModel('te_flops_saved_total', 'operations saved against the network without pruning and exits', ({ totals }) =>
      Math.max(0, totals.denseFlops - totals.flops),
    );
    byModel('te_refused_total', 'requests rejected with status 429', ({ admission }) => admission.refused);
    const byLayer = (
      name: string,
      help: string,
      values: (model: ServedPyramid) => readonly (readonly [layer: number, n: number])[],
    ) =>
      this.#counter(name, help, ['model', 'layer'], () =>
        models().flatMap((one) => values(one).map(([layer, n]) => [{ model: one.name, layer }, n] as const)),
      );
    byLayer('te_exits_total', 'texts by exit layer; 0: floor 0, before the network', ({ totals, info }) =>
      [...totals.exits.entries()].slice(info.hasFloor ? 0 : 1),
    );
    byLayer('te_layer_tokens_total', 'tokens that entered a layer', ({ totals }) =>
      totals.tokensByLayer.map((n, i) => [i + 1, n]),
    );
  }

  /** Of models that are audited. */
  #watchAudits(models: MetricsSource['models']): void {
    for (const { kind, name, help, label, value } of AUDIT_METRICS) {
      const values = (): Values =>
        models().flatMap(({ name: model, audit }) => {
          const found = audit && value(audit);
          if (found === null) return [];
          if (typeof found === 'number') return [[{ model }, found] as const];
          return Object.entries(found).map(([key, n]) => [{ model, [label!]: key }, n] as const);
        });
      const labels = label === undefined ? ['model'] : ['model', label];
      if (kind === 'gauge') this.#gauge(name, help, labels, values);
      else this.#counter(name, help, labels, values);
    }
  }

  /** A gauge whose values are asked for when it is read. */
  #gauge(name: string, help: string, labelNames: string[], values: () => Values | Promise<Values>): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      async collect() {
        const found = await values();
        this.reset();
        for (const [labels, value] of found) this.set(labels, value);
      },
    });
  }

  /** A counter whose values are asked for when it is read. */
  #counter(name: string, help: string, labelNames: string[], values: () => Values): void {
    new Counter({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [labels, value] of values()) this.inc(labels, value);
      },
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** A request was let in by its headers. */
  began(): void {
    this.#count++;
  }

  answered({ results }: Classified, totalMs: number): void {
    this.#succeeded++;
    this.#duration.observe(totalMs / 1000);
    for (const { queueMs, tokenizeMs, inferenceMs, tokens } of results) {
      this.#queue.observe(queueMs / 1000);
      this.#tokenize.observe(tokenizeMs / 1000);
      this.#inference.observe(inferenceMs / 1000);
      this.#length.observe(tokens[0]);
    }
  }

  failed(code: string): void {
    this.#failures.inc({ err: code });
  }
}
