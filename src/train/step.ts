/**
 * One training step of a backbone stage (regular, soft, hard) as one graph: parameters in, loss and gradients out;
 * then clipping and AdamW. Exit heads learn along if they are trained jointly: jointWeight × their loss at each of the
 * layers 1 … L−1 is added to the main one. Soft pruning adds λ Σ_l (mean mask) and learns the thresholds.
 */
import { WORD_EMBEDDINGS, decays } from '../encoder/index.ts';
import { backward, Graph, type Value } from '../graph/index.ts';
import { network, type Pruning, THRESHOLDS } from '../pyramid/network.ts';
import { problems } from '../pyramid/problem.ts';
import { maskShare } from '../pyramid/prune.ts';
import { compile } from '../runtime/node.ts';
import { floats, float32, int64, type Program, type Tensor } from '../runtime/runtime.ts';
import { ADAMW, type AdamWOptions, adamwUpdate, clipFactor, type Moments, newMoments, stepFactors, sumOfSquares } from './adamw.ts';
import type { Packed } from './batch.ts';
import { DropoutMasks, type DropoutPlace, dropoutInputs } from './dropout.ts';
import { type ModelState, NO_HEADS } from './state.ts';
import { WordRows } from './word-rows.ts';

export interface StepSettings {
  readonly pruning: Pruning;
  /** 0: the exit heads stay out of it. */
  readonly jointWeight: number;
  readonly temperature: number;
  readonly lambda: number;
  readonly weightDecay: number;
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

/** Moments by parameter name, what a checkpoint keeps beside the parameters. */
export type OptimiserState = Map<string, Moments>;

export class TrainingStep {
  readonly #state: ModelState;
  readonly #settings: StepSettings;
  readonly #program: Program;
  readonly #places: readonly DropoutPlace[];
  readonly #used: readonly string[];
  readonly #trained: readonly string[];
  readonly #gradients: ReadonlyMap<string, Float32Array>;
  readonly #masks = new DropoutMasks();
  readonly #adamw: AdamWOptions;
  readonly words: WordRows;
  readonly optimiser: OptimiserState;
  readonly touched: Uint8Array;

  private constructor(state: ModelState, settings: StepSettings, program: Program, { places, used, trained }: BuiltStep) {
    this.#state = state;
    this.#settings = settings;
    this.#program = program;
    this.#places = places;
    this.#used = used;
    this.#trained = trained;
    this.#adamw = { ...ADAMW, weightDecay: settings.weightDecay };
    this.#gradients = new Map(trained.map((name) => [name, new Float32Array(this.#weights(name).data.length)]));
    const table = state.parameters.get(WORD_EMBEDDINGS)!;
    this.optimiser = new Map([...trained, WORD_EMBEDDINGS].map((name) => [name, newMoments(this.#weights(name).data.length)]));
    this.touched = new Uint8Array(table.shape[0]);
    this.words = new WordRows(table.data, table.shape[1], this.optimiser.get(WORD_EMBEDDINGS)!, this.touched);
  }

  static async create(state: ModelState, settings: StepSettings): Promise<TrainingStep> {
    const built = buildStep(state, settings);
    return new TrainingStep(state, settings, await compile(built.g, `train-${settings.pruning}`, settings), built);
  }

  /**
   * Computes loss and gradients of a batch and applies them. `step` counts from 1 within the stage; `key` names the step
   * for its dropout masks. A loss that is not finite changes nothing: the caller stops.
   */
  async run(batch: Packed, { targets, weights }: StepTargets, learningRate: number, thresholdLearningRate: number, step: number, key: string): Promise<StepResult> {
    const { rows, count, index } = this.words.take(batch.ids);
    const width = rows.length / count;
    const feeds: Record<string, Tensor> = {
      words: float32(rows, count, width),
      word: int64(index, batch.rows),
      types: batch.types,
      sequence: batch.sequence,
      targets,
      weights,
      ...this.#masks.draw(this.#places, { N: batch.rows, B: batch.texts, S: batch.longest }, key),
    };
    const into: Record<string, Tensor> = {};
    for (const name of this.#used) {
      const { shape, data } = this.#weights(name);
      feeds[name] = float32(data, ...shape);
    }
    for (const name of this.#trained) {
      const { shape } = this.#weights(name);
      into[`gradient:${name}`] = float32(this.#gradients.get(name)!, ...shape);
    }
    const results = await this.#program.run(feeds, into);
    const loss = floats(results.loss)[0];
    if (!Number.isFinite(loss)) return { loss, norm: Number.NaN };
    const wordGradient = floats(results['gradient:words']);
    let squares = sumOfSquares(wordGradient);
    // the thresholds stay out of the norm: their gradient, steep by 1/T, would shrink all others
    for (const [name, gradient] of this.#gradients) if (name !== THRESHOLDS) squares += sumOfSquares(gradient);
    const norm = Math.sqrt(squares);
    if (!Number.isFinite(norm)) return { loss: Number.NaN, norm };
    this.#apply(wordGradient, clipFactor(norm, this.#settings.clip), learningRate, thresholdLearningRate, step);
    return { loss, norm };
  }

  #apply(wordGradient: Float32Array, clip: number, learningRate: number, thresholdLearningRate: number, step: number): void {
    for (const name of this.#trained) {
      const isThreshold = name === THRESHOLDS;
      const factors = stepFactors(this.#adamw, isThreshold ? thresholdLearningRate : learningRate, step, !isThreshold && decays(name));
      const { data } = this.#weights(name);
      adamwUpdate(data, this.optimiser.get(name)!, 0, data.length, this.#gradients.get(name)!, isThreshold ? 1 : clip, factors, this.#adamw);
    }
    this.words.update(wordGradient, clip, learningRate, step, this.#adamw);
  }

  #weights(name: string): { shape: readonly number[]; data: Float32Array } {
    const { parameters, heads, thresholds } = this.#state;
    if (name === THRESHOLDS) return { shape: [thresholds!.length], data: thresholds! };
    return parameters.get(name) ?? heads.get(name)!;
  }

  close(): Promise<void> {
    return this.#program.close();
  }
}

/**
 * Hard pruning compares with the thresholds, which no gradient passes. A key's bias adds the same to all logits of a
 * softmax, so its true gradient is zero; computed, it is rounding noise, which AdamW would blow up to full steps.
 */
const learns = (name: string, pruning: Pruning): boolean =>
  name === THRESHOLDS ? pruning === 'soft' : !name.endsWith('attention.self.key.bias');

export interface BuiltStep {
  readonly g: Graph;
  readonly places: readonly DropoutPlace[];
  /** Parameters that are inputs, under their own names. */
  readonly used: readonly string[];
  /** Those of them that have a gradient, as output `gradient:NAME`. */
  readonly trained: readonly string[];
}

export function buildStep(state: ModelState, settings: StepSettings): BuiltStep {
  const { config } = state;
  const g = new Graph();
  const places: DropoutPlace[] = [];
  const used = new Map<string, Value>();
  const weights = (name: string): Value => {
    let value = used.get(name);
    if (!value) {
      const shape = name === THRESHOLDS ? [config.layers] : (state.parameters.get(name) ?? state.heads.get(name))!.shape;
      value = g.input(name, 'float32', shape);
      used.set(name, value);
    }
    return value;
  };
  const joint = settings.jointWeight > 0;
  const words = g.input('words', 'float32', ['U', config.hiddenSize]);
  const inputs = {
    words: g.gather(words, g.input('word', 'int64', ['N'])), // [N, d]
    types: g.input('types', 'int64', ['N']),
    sequence: g.input('sequence', 'int64', ['N']),
  };
  const targets = g.input('targets', 'float32', ['B', config.labels.length]);
  const rowWeights = g.input('weights', 'float32', ['B']);
  const net = network(g, weights, config, inputs, {
    pruning: settings.pruning,
    heads: joint ? state.headSettings : NO_HEADS,
    temperature: g.scalar(settings.temperature),
    dropout: settings.dropout ? dropoutInputs(g, places) : undefined,
  });
  const lossOf = (logits: Value) => problems[config.problemType].loss(g, logits, targets, rowWeights);
  let loss = lossOf(net.logits);
  if (joint) loss = g.add(loss, g.mul(net.exits.map(lossOf).reduce((a, b) => g.add(a, b)), settings.jointWeight));
  if (settings.pruning === 'soft') {
    const shares = net.masks.map((mask, layer) => maskShare(g, mask, net.layouts[layer])).reduce((a, b) => g.add(a, b));
    loss = g.add(loss, g.mul(shares, settings.lambda));
  }
  const trained = [...used.keys()].filter((name) => learns(name, settings.pruning));
  const gradients = backward(g, loss, [words, ...trained.map((name) => used.get(name)!)]);
  g.output('loss', loss);
  g.output('gradient:words', gradients[0]);
  trained.forEach((name, i) => {
    g.output(`gradient:${name}`, gradients[i + 1]);
  });
  return { g, places, used: [...used.keys()], trained };
}
