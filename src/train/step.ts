/**
 * One training step on texts as one graph: parameters in, loss and gradients out; then clipping and AdamW.
 * The objective is `task` for the backbone stages (regular, soft, hard): the labels' loss; with joint exit heads,
 * jointWeight × theirs at each of the layers 1 … L−1 is added, and with soft pruning λ Σ_l (mean mask). It is
 * `distill` for exit heads that need all tokens (`fastbert`): their divergence from the frozen main classifier.
 */
import { WORD_EMBEDDINGS } from '../encoder/index.ts';
import { backward, Graph, type Value } from '../graph/index.ts';
import { network, type Pruning, THRESHOLDS } from '../pyramid/network.ts';
import { problems } from '../pyramid/problem.ts';
import { maskShare } from '../pyramid/prune.ts';
import { compile } from '../runtime/node.ts';
import { float32, floats, int64, type Program, type Tensor } from '../runtime/runtime.ts';
import { newMoments, sumOfSquares } from './adamw.ts';
import type { Packed } from './batch.ts';
import { DropoutMasks, type DropoutPlace, dropoutInputs } from './dropout.ts';
import { type LearningRates, Optimiser } from './optimiser.ts';
import { type ModelState, NO_HEADS, tensorOf } from './state.ts';
import { WordRows } from './word-rows.ts';

export interface StepSettings {
  readonly objective: 'task' | 'distill';
  readonly pruning: Pruning;
  /** 0: the exit heads stay out of the task. */
  readonly jointWeight: number;
  readonly temperature: number;
  readonly lambda: number;
  readonly weightDecay: number;
  /** Largest joint norm of the gradients; 0 does not clip. */
  readonly clip: number;
  readonly dropout: boolean;
  readonly threads: number;
}

export interface StepTargets {
  /** [B, C] float32. */
  readonly targets: Tensor;
  /** [B] float32. */
  readonly weights: Tensor;
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
  readonly optimiser: Optimiser;
  readonly words: WordRows;

  private constructor(state: ModelState, settings: StepSettings, program: Program, built: BuiltStep) {
    this.#state = state;
    this.#program = program;
    this.#built = built;
    this.optimiser = new Optimiser(new Map(built.trained.map((name) => [name, tensorOf(state, name)])), settings);
    this.#gradients = this.optimiser.gradientOutputs();
    const { data, shape } = tensorOf(state, WORD_EMBEDDINGS);
    this.words = new WordRows(data, shape[1], newMoments(built.trainsWords ? data.length : 0));
  }

  static async create(state: ModelState, settings: StepSettings): Promise<TrainingStep> {
    const built = buildStep(state, settings);
    return new TrainingStep(state, settings, await compile(built.g, `train-${settings.pruning}`, settings), built);
  }

  /**
   * Computes loss and gradients of a batch and applies them. `step` counts from 1 within the stage; `key` names the step
   * for its dropout masks. A loss that is not finite changes nothing: the caller stops.
   */
  async run(
    batch: Packed,
    { targets, weights }: StepTargets,
    rates: LearningRates,
    step: number,
    key: string,
  ): Promise<StepResult> {
    const { rows, count, index } = this.words.take(batch.ids);
    const feeds: Record<string, Tensor> = {
      words: float32(rows, count, rows.length / count),
      word: int64(index, batch.rows),
      types: batch.types,
      sequence: batch.sequence,
      targets,
      weights,
      ...this.#masks.draw(this.#built.places, { N: batch.rows, B: batch.texts, S: batch.longest }, key),
    };
    for (const name of this.#built.used) {
      const { shape, data } = tensorOf(this.#state, name);
      feeds[name] = float32(data, ...shape);
    }
    const results = await this.#program.run(feeds, this.#gradients);
    const loss = floats(results.loss)[0];
    const wordGradient = this.#built.trainsWords ? floats(results['gradient:words']) : null;
    const norm = this.optimiser.norm(wordGradient ? sumOfSquares(wordGradient) : 0);
    if (Number.isFinite(loss) && Number.isFinite(norm)) {
      const clip = this.optimiser.clipFactor(norm);
      this.optimiser.apply(clip, rates, step);
      if (wordGradient) this.words.update(wordGradient, clip, rates.weights, step, this.optimiser.settings);
    }
    return { loss: Number.isFinite(norm) ? loss : Number.NaN, norm };
  }

  close(): Promise<void> {
    return this.#program.close();
  }
}

/**
 * Hard pruning compares with the thresholds, which no gradient passes. A key's bias adds the same to all logits of a
 * softmax, so its true gradient is zero; computed, it is rounding noise, which AdamW would blow up to full steps.
 */
const learns = (name: string, { objective, pruning }: StepSettings): boolean => {
  if (objective === 'distill') return name.startsWith('pyramid.heads.');
  return name === THRESHOLDS ? pruning === 'soft' : !name.endsWith('attention.self.key.bias');
};

export interface BuiltStep {
  readonly g: Graph;
  readonly places: readonly DropoutPlace[];
  /** Parameters that are inputs, under their own names. */
  readonly used: readonly string[];
  /** Those of them that have a gradient, as output `gradient:NAME`. */
  readonly trained: readonly string[];
  /** The batch's rows of the word embedding have one too, `gradient:words`. */
  readonly trainsWords: boolean;
}

export function buildStep(state: ModelState, settings: StepSettings): BuiltStep {
  const { config } = state;
  const { objective, pruning } = settings;
  const g = new Graph();
  const places: DropoutPlace[] = [];
  const used = new Map<string, Value>();
  const weights = (name: string): Value => {
    let value = used.get(name);
    if (!value) {
      value = g.input(name, 'float32', tensorOf(state, name).shape);
      used.set(name, value);
    }
    return value;
  };
  const words = g.input('words', 'float32', ['U', config.hiddenSize]);
  const inputs = {
    words: g.gather(words, g.input('word', 'int64', ['N'])), // [N, d]
    types: g.input('types', 'int64', ['N']),
    sequence: g.input('sequence', 'int64', ['N']),
  };
  const targets = g.input('targets', 'float32', ['B', config.labels.length]);
  const rowWeights = g.input('weights', 'float32', ['B']);
  const withHeads = objective === 'distill' || settings.jointWeight > 0;
  const net = network(g, weights, config, inputs, {
    pruning,
    heads: withHeads ? state.headSettings : NO_HEADS,
    temperature: g.scalar(settings.temperature),
    dropout: settings.dropout && objective === 'task' ? dropoutInputs(g, places) : undefined,
  });
  const problem = problems[config.problemType];
  const sum = (values: readonly Value[]) => values.reduce((a, b) => g.add(a, b));
  const taskLoss = () => {
    const lossOf = (logits: Value) => problem.loss(g, logits, targets, rowWeights);
    let loss = lossOf(net.logits);
    if (withHeads) loss = g.add(loss, g.mul(sum(net.exits.map(lossOf)), settings.jointWeight));
    if (pruning === 'soft') {
      const shares = net.masks.map((mask, layer) => maskShare(g, mask, net.layouts[layer]));
      loss = g.add(loss, g.mul(sum(shares), settings.lambda));
    }
    return loss;
  };
  const loss =
    objective === 'task' ? taskLoss() : sum(net.exits.map((exit) => problem.distillation(g, net.logits, exit)));
  const trained = [...used.keys()].filter((name) => learns(name, settings));
  const trainsWords = objective === 'task';
  const gradients = backward(g, loss, [...trained.map((name) => used.get(name)!), ...(trainsWords ? [words] : [])]);
  g.output('loss', loss);
  trained.forEach((name, i) => {
    g.output(`gradient:${name}`, gradients[i]);
  });
  if (trainsWords) g.output('gradient:words', gradients.at(-1)!);
  return { g, places, used: [...used.keys()], trained, trainsWords };
}
