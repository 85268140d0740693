/**
 * The teacher of a student of half the layers: the fine-tuned network of full depth. At each step it reads the student's
 * batch, without dropout. The student's loss pulls its logits and the direction of its last hidden rows towards the
 * teacher's: Sanh et al. 2019, DistilBERT, section 3 (https://arxiv.org/abs/1910.01108), with the task's labels instead
 * of masked words, and unit weights.
 */
import { Graph, type Value } from '../../graph/index.ts';
import { network } from '../../pyramid/network.ts';
import type { Problem } from '../../pyramid/problem.ts';
import type { Compile, Program, Tensor } from '../../runtime/runtime.ts';
import type { Packed } from '../batch.ts';
import { type ModelState, NO_HEADS } from '../state.ts';
import { ParameterInputs, parameterFeeds, rowInputs, wordFeed } from './parameter-inputs.ts';

/** What the teacher says of a batch. */
export interface TeacherOutput {
  /** [B, C]. */
  readonly logits: Tensor;
  /** H_L, [N, d]. */
  readonly hidden: Tensor;
}

/** Softens both distributions, as Sanh et al. do. */
const TEMPERATURE = 2;
/** Keeps the norm of a row of zeros away from zero. */
const EPSILON = 1e-12;

/** T² KL(softmax(z_t / T) ‖ softmax(z_s / T)) as a batch mean, plus the mean over live rows of 1 − cos(h_t, h_s). */
export function teacherLoss(
  g: Graph,
  { distillation }: Problem,
  student: { readonly logits: Value; readonly hidden: Value },
  teacher: { readonly logits: Value; readonly hidden: Value },
): Value {
  const soft = (logits: Value) => g.mul(logits, 1 / TEMPERATURE);
  const divergence = g.mul(distillation(g, soft(teacher.logits), soft(student.logits)), TEMPERATURE ** 2);
  const dot = (a: Value, b: Value) => g.sum(g.mul(a, b), [1]); // [N]
  const norm = (x: Value) => g.op('Sqrt', [g.add(dot(x, x), EPSILON)], {}); // [N]
  const cosine = g.div(dot(teacher.hidden, student.hidden), g.mul(norm(teacher.hidden), norm(student.hidden)));
  return g.add(divergence, g.sub(g.scalar(1), g.mean(cosine, [0])));
}

export class Teacher {
  readonly #state: ModelState;
  readonly #program: Program;
  readonly #parameters: Readonly<Record<string, Tensor>>;

  private constructor(state: ModelState, program: Program, used: readonly string[]) {
    this.#state = state;
    this.#program = program;
    this.#parameters = parameterFeeds(state, used);
  }

  static async create(state: ModelState, compile: Compile): Promise<Teacher> {
    const { config } = state;
    const g = new Graph();
    const parameters = new ParameterInputs(g, state);
    const inputs = rowInputs(g, config, NO_HEADS);
    const net = network(g, parameters.weights, config, inputs, { pruning: 'none', heads: NO_HEADS });
    g.output('logits', net.logits);
    g.output('hidden', net.hidden[config.layers]);
    return new Teacher(state, await compile(g, 'teacher'), parameters.names);
  }

  async run({ ids, types, sequence }: Packed): Promise<TeacherOutput> {
    const { logits, hidden } = await this.#program.run({
      words: wordFeed(this.#state, ids),
      types,
      sequence,
      ...this.#parameters,
    });
    return { logits, hidden };
  }

  close(): Promise<void> {
    return this.#program.close();
  }
}
