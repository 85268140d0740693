/**
 * Takes texts through the layers. Each stage (a layer's peek, a layer's block, …) has a pool of texts that wait for it.
 * What pruning and early exit leave of one batch waits there for the rest of other batches, of any request and any tau,
 * so that products stay large. A text that exits is not put into the next pool. Knows nothing of requests and threads:
 * jobs in, outcomes out.
 *
 * Which stage runs next: the stage of the text that has waited longest, if that is too long; else the deepest stage with
 * a full batch; else new texts are admitted; else the shallowest stage, whose texts may join those that wait further
 * down. So nothing waits while the engine is idle, and a lone text goes straight through.
 */
import { PyramidError } from '../errors.ts';
import { type AnswerRule, answerRule } from '../pyramid/exits/answer-rule.ts';
import { askedBefore, leaves, uncertaintyOf } from '../pyramid/exits/exit-rule.ts';
import { exitOf } from '../pyramid/exits/exits.ts';
import { summed } from '../pyramid/exits/sum.ts';
import { isAsked, type PyramidModel } from '../pyramid/folder/model-folder.ts';
import { detach, type Job, type Outcome, type Rule } from './job.ts';
import type { PieceKind, Programs } from './programs.ts';
import { type BatchSize, Waiting } from './waiting.ts';

/**
 * Sizes of batches by piece. A block's products are nearly as fast as they get from 200 rows, and slower from 1,000 on,
 * when its rows no longer fit into the cache; a peek has one row a text, and wants 32 texts of 50 tokens.
 */
const SIZES: { readonly [K in PieceKind]: BatchSize } = {
  peek: { enoughRows: 1536, enoughTexts: 32, maxRows: 2048 },
  block: { enoughRows: 192, enoughTexts: 512, maxRows: 512 },
  head: { enoughRows: 256, enoughTexts: 64, maxRows: 2048 },
  count: { enoughRows: 192, enoughTexts: 512, maxRows: 1024 },
};

/**
 * What goes first where texts compete: full batches; or the oldest text, so that what was let in is finished before more is
 * let in.
 */
export type RunOrder = 'throughput' | 'arrival';
export const RUN_ORDERS: readonly RunOrder[] = ['throughput', 'arrival'];

/**
 * Steps after which a text goes before all younger ones, at every stage. Counted at each stage anew, the few that go
 * through all layers would wait that long at every one of them, while new texts fill the first.
 */
const PATIENCE: { readonly [O in RunOrder]: number } = { throughput: 12, arrival: 0 };

interface Stage {
  readonly kind: PieceKind;
  readonly layer: number;
  readonly waiting: Waiting;
}

export interface SchedulerEvents {
  /** Lets in more texts, by `add`; called when there is room. False when there are none. */
  readonly admit: () => boolean;
  readonly done: (outcomes: readonly Outcome[]) => void;
  readonly failed: (jobs: readonly Job[], error: unknown) => void;
  /** Each batch as it is formed. */
  readonly onBatch?: (kind: PieceKind, layer: number, jobs: readonly Job[]) => void;
  /** What a batch took, in milliseconds. */
  readonly onPassed?: (kind: PieceKind, layer: number, texts: number, ms: number) => void;
}

type SchedulerModel = Pick<PyramidModel, 'config' | 'info' | 'headSettings'>;

export class Scheduler {
  readonly #layers: number;
  readonly #model: SchedulerModel;
  readonly #rule: AnswerRule;
  readonly #programs: Programs;
  readonly #events: SchedulerEvents;
  readonly #patience: number;
  /** In the order in which a text passes them. */
  readonly #stages: readonly Stage[];
  #step = 0;
  /** What runs now: its layer and how many texts. */
  #batch: { readonly layer: number; readonly texts: number } | null = null;
  #running: Promise<void> | null = null;

  constructor(model: SchedulerModel, programs: Programs, events: SchedulerEvents, order: RunOrder = 'throughput') {
    this.#layers = model.config.layers;
    this.#model = model;
    this.#rule = answerRule(model.config, model.info);
    this.#programs = programs;
    this.#events = events;
    this.#patience = PATIENCE[order];
    const stage = (kind: PieceKind, layer: number): Stage => ({ kind, layer, waiting: new Waiting(SIZES[kind]) });
    this.#stages = Array.from({ length: model.config.layers }, (_, i) => i + 1).flatMap((layer) =>
      layer === model.config.layers
        ? [stage('count', layer), stage('peek', layer)]
        : [stage('peek', layer), stage('block', layer), stage('head', layer)],
    );
  }

  /** Puts texts before layer 1. They move when `wake` is called. */
  add(jobs: readonly Job[]): void {
    for (const job of jobs) {
      job.since = job.background ? Number.POSITIVE_INFINITY : this.#step;
      this.#enter(job, 1);
    }
  }

  /** Runs until nothing waits and `admit` has no more. */
  wake(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Takes out the jobs that are marked as cancelled; those of a running batch leave after it. */
  dropCancelled(): void {
    for (const { waiting } of this.#stages) waiting.remove((job) => job.cancelled);
  }

  /** Texts before layer l or in it, entry l−1. */
  get levels(): readonly number[] {
    const levels = new Array<number>(this.#layers).fill(0);
    for (const { layer, waiting } of this.#stages) levels[layer - 1] += waiting.texts;
    if (this.#batch) levels[this.#batch.layer - 1] += this.#batch.texts;
    return levels;
  }

  async #run(): Promise<void> {
    await null; // `wake` notes this promise before anything is done
    for (let stage = this.#choose(); stage; stage = this.#choose()) {
      this.#step++;
      const jobs = stage.waiting.take();
      this.#batch = { layer: stage.layer, texts: jobs.length };
      this.#events.onBatch?.(stage.kind, stage.layer, jobs);
      try {
        const begin = performance.now();
        await this.#pass(stage, jobs);
        this.#events.onPassed?.(stage.kind, stage.layer, jobs.length, performance.now() - begin);
      } catch (error) {
        this.#events.failed(jobs, error);
      }
      this.#batch = null;
    }
    this.#running = null;
  }

  /** Texts of the background, which nobody waits for, decide only where there are no others. */
  #choose(): Stage | null {
    const oldest = this.#oldest();
    if (oldest && this.#step - oldest.waiting.since > this.#patience) return oldest;
    for (let i = this.#stages.length - 1; i >= 0; i--) if (this.#stages[i].waiting.isFull) return this.#stages[i];
    while (this.#events.admit()) {
      const full = this.#stages.find(({ waiting }) => waiting.isFull);
      if (full) return full;
    }
    return (
      this.#stages.find(({ waiting }) => waiting.isAwaited) ??
      this.#stages.find(({ waiting }) => waiting.texts > 0) ?? // the background
      null
    );
  }

  /** Whose text has waited longest; null where a model has no layers. */
  #oldest(): Stage | null {
    let oldest: Stage | null = null;
    for (const stage of this.#stages) if (!oldest || stage.waiting.since < oldest.waiting.since) oldest = stage;
    return oldest;
  }

  async #pass({ kind, layer }: Stage, jobs: readonly Job[]): Promise<void> {
    const layers = this.#layers;
    switch (kind) {
      case 'count':
        await this.#programs.count(jobs);
        for (const job of jobs) this.#wait('peek', layers, job);
        return;
      case 'block':
        await this.#programs.advance(layer, jobs);
        for (const job of jobs) {
          if (this.#asks(job, layer) && this.#headIsAfter) this.#wait('head', layer, job);
          else this.#enter(job, layer + 1);
        }
        return;
      case 'peek':
      case 'head': {
        await this.#programs.ask(kind, layer, jobs);
        const outcomes: Outcome[] = [];
        const stay: Job[] = [];
        for (const job of jobs) {
          const logits = job.logits[layer - 1];
          if (!logits.every(Number.isFinite)) {
            this.#events.failed([job], new PyramidError('MP_MODEL_LOGITS', { layer, logits }));
          } else if (layer === layers || this.#mayLeave(job, layer)) {
            outcomes.push(outcome(job, layer));
          } else stay.push(job);
        }
        if (stay.length <= jobs.length / 2) stay.forEach(detach);
        for (const job of stay) {
          if (kind === 'peek') this.#wait('block', layer, job);
          else this.#enter(job, layer + 1);
        }
        if (outcomes.length > 0) this.#events.done(outcomes);
        return;
      }
      default:
        kind satisfies never;
    }
  }

  /** The first stage of `layer` for the job. */
  #enter(job: Job, layer: number): void {
    if (layer === this.#layers) this.#wait(job.trace ? 'count' : 'peek', layer, job);
    else this.#wait(this.#asks(job, layer) && !this.#headIsAfter ? 'peek' : 'block', layer, job);
  }

  /** Whether the exit head of `layer`, below the last, is asked for the job. */
  #asks({ tau, trace }: Rule, layer: number): boolean {
    return (trace || tau !== null) && isAsked(this.#model, layer);
  }

  /** Whether the job leaves at `layer`, whose head has just answered. */
  #mayLeave({ trace, tau, logits, addend }: Job, layer: number): boolean {
    if (trace || tau === null) return false;
    // what floor 0 adds is the same at all exits, and so in no difference of two
    const u = uncertaintyOf(this.#rule, summed(logits[layer - 1], addend), askedBefore(logits, layer - 1));
    return u !== null && leaves(u, tau);
  }

  get #headIsAfter(): boolean {
    return exitOf(this.#model.headSettings.kind)?.asked === 'after';
  }

  #wait(kind: PieceKind, layer: number, job: Job): void {
    if (job.cancelled) return;
    const stage = this.#stages.find((one) => one.kind === kind && one.layer === layer);
    if (!stage) throw new Error(`internal: there is no ${kind} at layer ${layer}`);
    stage.waiting.add([job]);
  }
}

const outcome = (
  { id, window, tokens, logits, floor, truncated, unknown, tokenHistory }: Job,
  exit: number,
): Outcome => ({
  id,
  window,
  exit,
  tokens,
  logits,
  floor,
  truncated,
  unknown,
  tokenHistory,
});
