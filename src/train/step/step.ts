/**
 * One training step on texts as one graph: parameters in, loss and gradients out; then clipping and AdamW.
 * There are two objectives. `task`, for the backbone stages (regular, soft, hard), is the loss on the labels, plus:
 * - with joint exit heads, jointWeight × the loss of each head at layers 1 … L−1, on the labels or on the main
 *   classifier's scores (without a gradient into the classifier);
 * - with soft pruning, λ Σ_l (mean mask);
 * - with a teacher, the teacher's loss (teacher.ts).
 * `distill`, for exits that read all rows of a layer's output, is their divergence from the frozen main classifier.
 */
import {
  type EncoderConfig,
  keysFold,
  POSITION_EMBEDDINGS,
  TOKEN_TYPE_EMBEDDINGS,
  WORD_EMBEDDINGS,
} from '../../encoder/index.ts';
import { backward, Graph, type Value } from '../../graph/index.ts';
import { network, type Pruning, THRESHOLDS } from '../../pyramid/network.ts';
import { problems } from '../../pyramid/problem.ts';
import { maskShare } from '../../pyramid/prune.ts';
import { type Compile, float32, floats, type Program, type Tensor } from '../../runtime/runtime.ts';
import type { Packed } from '../batch.ts';
import type { TrainOptions } from '../options/defaults.ts';
import { type ModelState, NO_HEADS, tensorOf } from '../state.ts';
import { DropoutMasks, type DropoutPlace, dropoutInputs } from './dropout.ts';
import { GradientSums, type Rows } from './gradient-sums.ts';
import { type LearningRates, Optimiser } from './optimiser.ts';
import { ParameterInputs, parameterFeeds, segmentInput } from './parameter-inputs.ts';
import { type TeacherOutput, teacherLoss } from './teacher.ts';
import { addRows, WordRows } from './word-rows.ts';

export interface StepSettings {
  readonly objective: 'task' | 'distill';
  readonly pruning: Pruning;
  /** Each batch comes with a teacher's output. */
  readonly taught?: boolean;
  /** [C], where a text may have any number of labels: see the loss in problem.ts; all are 1 where left out. */
  readonly positives?: readonly number[];
  /** 0: the exit heads stay out of the task. */
  readonly jointWeight: number;
  readonly jointTargets: TrainOptions['jointTargets'];
  readonly temperature: number;
  readonly lambda: number;
  readonly weightDecay: number;
  /** Largest joint norm of the gradients; 0 does not clip. */
  readonly clip: number;
  readonly dropout: boolean;
  readonly compile: Compile;
}

export interface StepTargets {
  /** [B, C] float32. */
  readonly targets: Tensor;
  /** [B] float32. */
  readonly weights: Tensor;
  /** Where the step is taught. */
  readonly teacherOutput?: TeacherOutput;
}

/** A batch, and what is asked of it. */
export interface StepPart {
  readonly batch: Packed;
  readonly targets: StepTargets;
}

export interface StepResult {
  readonly loss: number;
  /** Norm of all gradients together, before clipping. */
  readonly norm: number;
}

export class TrainingStep {
  readonly #state: ModelState;
  readonly #program: Program;
  readonly #built: BuiltStep;
  readonly #masks = new DropoutMasks();
  readonly #gradients: Record<string, Tensor>;
  /** Made by the first step of several batches. */
  #sums: GradientSums | null = null;
  readonly optimiser: Optimiser;
  readonly words: WordRows;

  private constructor(state: ModelState, settings: StepSettings, program: Program, built: BuiltStep) {
    this.#state = state;
    this.#program = program;
    this.#built = built;
    const learnt = new Map(built.trained.map((name) => [name, tensorOf(state, name)]));
    this.optimiser = new Optimiser(learnt, settings);
    this.#gradients = this.optimiser.gradientOutputs();
    const { data, shape } = tensorOf(state, WORD_EMBEDDINGS);
    this.words = new WordRows(data, shape[1], built.trainsEmbeddings);
  }

  static async create(state: ModelState, settings: StepSettings): Promise<TrainingStep> {
    const built = buildStep(state, settings);
    return new TrainingStep(state, settings, await settings.compile(built.g, `train-${settings.pruning}`), built);
  }

  /** `runParts` of one batch. */
  run(batch: Packed, targets: StepTargets, rates: LearningRates, step: number, key: string): Promise<StepResult> {
    return this.runParts([{ batch, targets }], rates, step, key);
  }

  /**
   * Computes loss and gradients of the batches together and applies them. `step` counts from 1 within the stage; `key` names
   * the step for its dropout masks. A loss that is not finite changes nothing: the caller stops.
   */
  async runParts(parts: readonly StepPart[], rates: LearningRates, step: number, key: string): Promise<StepResult> {
    const sums = this.#sumsFor(parts);
    let loss = 0;
    let words: Float32Array = new Float32Array(0);
    for (const [i, part] of parts.entries()) {
      const results = await this.#gradientsOf(part, i === 0 ? key : `${key}/part ${i}`);
      words = this.#built.trainsEmbeddings ? floats(results['gradient:words']) : words;
      loss = floats(results.loss)[0];
      sums?.add(i, loss, words);
    }
    const batch = sums?.finish() ?? parts[0].batch;
    if (sums) [loss, words] = [sums.loss, sums.words];
    if (sums && this.#built.trainsEmbeddings) this.words.take(batch.ids);
    const { trainsEmbeddings } = this.#built;
    const squares = trainsEmbeddings ? this.#embeddingGradients(batch, words) : 0;
    const norm = this.optimiser.norm(squares);
    if (Number.isFinite(loss) && Number.isFinite(norm)) {
      const clip = this.optimiser.clipFactor(norm);
      this.optimiser.apply(clip, rates, step);
      if (trainsEmbeddings) this.words.update(clip, rates.weights, step, this.optimiser.settings);
    }
    return { loss: Number.isFinite(norm) ? loss : Number.NaN, norm };
  }

  /** null: one batch is its own sum. */
  #sumsFor(parts: readonly StepPart[]): GradientSums | null {
    if (parts.length === 1) return null;
    this.#sums ??= new GradientSums(this.#gradients);
    this.#sums.begin(parts);
    return this.#sums;
  }

  /** Loss and gradients of one batch; those of the optimiser's tensors are where it expects them. */
  #gradientsOf({ batch, targets: { targets, weights, teacherOutput } }: StepPart, key: string) {
    const feeds: Record<string, Tensor> = {
      words: float32(this.words.take(batch.ids), batch.rows, this.#state.config.embeddingSize),
      types: batch.types,
      segments: batch.segments,
      sequence: batch.sequence,
      targets,
      weights,
      ...(teacherOutput && { 'teacher.logits': teacherOutput.logits, 'teacher.hidden': teacherOutput.hidden }),
      ...parameterFeeds(this.#state, this.#built.used),
      ...this.#masks.draw(this.#built.places, { N: batch.rows, B: batch.texts, S: batch.longest }, key),
    };
    return this.#program.run(feeds, this.#gradients);
  }

  /** The embeddings are added up, so one gradient [N, d] is all of theirs. Returns the words' sum of squares. */
  #embeddingGradients({ ids, positions, kinds }: Rows, gradient: Float32Array): number {
    const { embeddingSize: width, tokenTypes, typeVocabularySize, unusedPositions, form } = this.#state.config;
    const tables = new Map<string, (row: number) => number>();
    if (form.positionTable) tables.set(POSITION_EMBEDDINGS, (row) => unusedPositions + positions[row]);
    if (tokenTypes) tables.set(TOKEN_TYPE_EMBEDDINGS, (row) => Math.min(kinds[row], typeVocabularySize - 1));
    for (const [name, indexOf] of tables) {
      const into = floats(this.#gradients[`gradient:${name}`]);
      into.fill(0);
      addRows(into, gradient, width, indexOf);
    }
    return this.words.gather(ids, gradient);
  }

  close(): Promise<void> {
    return this.#program.close();
  }
}

/**
 * Hard pruning compares with the thresholds, which no gradient passes. A key's bias adds the same to all logits of a
 * softmax, unless it is turned or multiplied by places, so its true gradient is zero; computed, it is rounding noise, which AdamW
 * would blow up to full steps.
 */
const learns = (
  name: string,
  { form }: EncoderConfig,
  { objective, pruning }: Pick<StepSettings, 'objective' | 'pruning'>,
): boolean => {
  if (objective === 'distill') return name.startsWith('pyramid.heads.');
  if (name === THRESHOLDS) return pruning === 'soft';
  return !keysFold(form) || !name.endsWith('attention.self.key.bias');
};

export interface BuiltStep {
  readonly g: Graph;
  readonly places: readonly DropoutPlace[];
  /** Parameters that are inputs, under their own names. */
  readonly used: readonly string[];
  /** Those of them that are learnt. */
  readonly trained: readonly string[];
  /** The embedding of each row has a gradient too, `gradient:words`, which the embeddings' tables take theirs from. */
  readonly trainsEmbeddings: boolean;
}

export function buildStep(state: ModelState, settings: Omit<StepSettings, 'compile'>): BuiltStep {
  const { config } = state;
  const { objective, pruning } = settings;
  const g = new Graph();
  const places: DropoutPlace[] = [];
  const parameters = new ParameterInputs(g, state);
  const words = g.input('words', 'float32', ['N', config.embeddingSize]);
  const withHeads = objective === 'distill' || settings.jointWeight > 0;
  const heads = withHeads ? state.headSettings : NO_HEADS;
  const inputs = {
    words,
    types: g.input('types', 'int64', ['N']),
    ...segmentInput(g, heads),
    sequence: g.input('sequence', 'int64', ['N']),
  };
  const targets = g.input('targets', 'float32', ['B', config.labels.length]);
  const rowWeights = g.input('weights', 'float32', ['B']);
  const net = network(g, parameters.weights, config, inputs, {
    pruning,
    heads,
    temperature: g.scalar(settings.temperature),
    // a teacher speaks of all rows; the mask's share counts the last layer's tokens too
    lastLayer: settings.taught ? 'rows' : pruning === 'soft' ? 'scores' : 'peek',
    dropout: settings.dropout && objective === 'task' ? dropoutInputs(g, places) : undefined,
  });
  const problem = problems[config.problemType];
  const sum = (values: readonly Value[]) => values.reduce((a, b) => g.add(a, b));
  const taskLoss = () => {
    const positives =
      settings.positives && g.constant('positives', Float32Array.from(settings.positives), [config.labels.length]);
    const lossOf = (logits: Value) => problem.loss(g, logits, targets, rowWeights, positives);
    let loss = lossOf(net.logits);
    if (withHeads) {
      const fromClassifier = (exit: Value) => problem.distillation(g, g.detach(net.logits), exit);
      const lossOfHead = settings.jointTargets === 'labels' ? lossOf : fromClassifier;
      loss = g.add(loss, g.mul(sum(net.exits.map(lossOfHead)), settings.jointWeight));
    }
    if (pruning === 'soft') {
      const shares = net.masks.map((mask, layer) => maskShare(g, mask, net.layouts[layer]));
      loss = g.add(loss, g.mul(sum(shares), settings.lambda));
    }
    if (settings.taught) {
      const teacher = {
        logits: g.input('teacher.logits', 'float32', ['B', config.labels.length]),
        hidden: g.input('teacher.hidden', 'float32', ['N', config.hiddenSize]),
      };
      loss = g.add(loss, teacherLoss(g, problem, { logits: net.logits, hidden: net.hidden[config.layers] }, teacher));
    }
    return loss;
  };
  const loss =
    objective === 'task' ? taskLoss() : sum(net.exits.map((exit) => problem.distillation(g, net.logits, exit)));
  const trainsEmbeddings = objective === 'task';
  const trained = parameters.names.filter((name) => learns(name, config, settings));
  const inGraph = trained.filter((name) => name !== POSITION_EMBEDDINGS && name !== TOKEN_TYPE_EMBEDDINGS);
  const gradients = backward(g, loss, [
    ...inGraph.map((name) => parameters.weights(name)),
    ...(trainsEmbeddings ? [words] : []),
  ]);
  g.output('loss', loss);
  inGraph.forEach((name, i) => {
    g.output(`gradient:${name}`, gradients[i]);
  });
  if (trainsEmbeddings) g.output('gradient:words', gradients.at(-1)!);
  return { g, places, used: parameters.names, trained, trainsEmbeddings };
}
