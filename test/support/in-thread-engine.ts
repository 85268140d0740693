/** The engine's scheduler on the test's own thread, with a log of its batches: what workers run, without the workers. */
import type { Text } from '../../src/engine/inputs.ts';
import { type Job, newJob, type Outcome, type Rule } from '../../src/engine/job.ts';
import { type PieceKind, Programs } from '../../src/engine/programs.ts';
import { type RunOrder, Scheduler, type SchedulerEvents } from '../../src/engine/scheduler.ts';
import { type Intake, takeIn } from '../../src/engine/take-in.ts';
import type { Dtype, PyramidModel } from '../../src/pyramid/folder/model-folder.ts';
import type { Encoding } from '../../src/text/tokenizer/tokenizer.ts';
import { compile } from './cpu.ts';

export interface Batch {
  readonly kind: PieceKind;
  readonly layer: number;
  readonly ids: readonly number[];
  /** When it was formed: texts by level, and those let in and not answered. */
  readonly levels: readonly number[];
  readonly inside: number;
}

export class InThreadEngine {
  readonly batches: Batch[] = [];
  readonly outcomes = new Map<number, Outcome>();
  readonly errors: unknown[] = [];
  readonly #programs: Programs;
  readonly #scheduler: Scheduler;
  #later: Job[][] = [];
  #admitted = 0;

  private constructor(model: PyramidModel, programs: Programs, order?: RunOrder) {
    this.#programs = programs;
    const events: SchedulerEvents = {
      admit: () => {
        const next = this.#later.shift();
        if (next) {
          this.#scheduler.add(next);
          this.#admitted += next.length;
        }
        return this.#later.length > 0;
      },
      done: (outcomes) => {
        for (const outcome of outcomes) {
          if (this.outcomes.has(outcome.id)) throw new Error(`text ${outcome.id} was answered twice`);
          this.outcomes.set(outcome.id, outcome);
        }
      },
      failed: (_, error) => this.errors.push(error),
      onBatch: (kind, layer, jobs) =>
        this.batches.push({
          kind,
          layer,
          ids: jobs.map(({ id }) => id),
          levels: this.#scheduler.levels,
          inside: this.#admitted - this.outcomes.size,
        }),
    };
    this.#scheduler = new Scheduler(model, programs, events, order);
  }

  static async create(model: PyramidModel, dtype: Dtype = 'fp32', order?: RunOrder): Promise<InThreadEngine> {
    return new InThreadEngine(model, await Programs.create(model, compile, dtype), order);
  }

  /** Runs texts that arrive in these groups, one after another; ids are their numbers over all groups. */
  async run(groups: readonly (readonly { readonly encoding: Encoding; readonly rule: Rule }[])[]): Promise<void> {
    let id = 0;
    this.#later = groups.map((group) => group.map(({ encoding, rule }) => newJob(id++, encoding, rule)));
    await this.#scheduler.wake();
  }

  /** The same for texts as a worker gets them: those that floor 0 answers never reach the scheduler. */
  async runTexts(
    intake: Intake,
    groups: readonly (readonly { readonly text: Text; readonly rule: Rule }[])[],
  ): Promise<void> {
    let id = 0;
    this.#later = groups.map((group) =>
      group.flatMap(({ text, rule }) => {
        const { jobs, outcome } = takeIn(intake, id++, text, rule);
        if (outcome) this.outcomes.set(outcome.id, outcome);
        return [...jobs];
      }),
    );
    await this.#scheduler.wake();
  }

  forget(): void {
    this.batches.length = 0;
    this.outcomes.clear();
    this.#admitted = 0;
  }

  close(): Promise<void> {
    return this.#programs.close();
  }
}
