/**
 * A step of the heads stage for exits that read features. The backbone is frozen, so the features are computed
 * once for all texts (tracer.ts), and the whole stage costs one forward pass. The step sees the features scaled
 * (feature-scales.ts); `settle` writes the heads back into the state.
 */
import { backward, Graph, type Value } from '../../graph/index.ts';
import { exitGraphOf, exitOf, readsEnteringRows } from '../../pyramid/exits/exits.ts';
import { headName } from '../../pyramid/exits/head-name.ts';
import { problems } from '../../pyramid/problem.ts';
import { type Compile, float32, floats, type Program, type Tensor } from '../../runtime/runtime.ts';
import { type ModelState, tensorOf } from '../state.ts';
import type { HeadInputs } from '../trace/tracer.ts';
import { DropoutMasks, type DropoutPlace, dropoutInputs } from './dropout.ts';
import { type FeatureScales, featureScales, plainLayer, scaledLayer, scaledRows } from './feature-scales.ts';
import { type LearntTensor, Optimiser } from './optimiser.ts';
import type { StepResult } from './step.ts';

export interface HeadsStepSettings {
  readonly weightDecay: number;
  readonly clip: number;
  /** Share of what exits that read entering rows are given that a step leaves out. */
  readonly pooledDropout: number;
  readonly compile: Compile;
}

export class HeadsStep {
  readonly #state: ModelState;
  readonly #data: HeadInputs;
  readonly #program: Program;
  readonly #places: readonly DropoutPlace[];
  readonly #masks = new DropoutMasks();
  readonly #gradients: Record<string, Tensor>;
  /** By layer, from the first. */
  readonly #scales: readonly FeatureScales[];
  /** As the state's heads, but for the first layers: those read scaled features. */
  readonly #learnt: ReadonlyMap<string, LearntTensor>;
  readonly optimiser: Optimiser;

  private constructor(
    state: ModelState,
    data: HeadInputs,
    settings: HeadsStepSettings,
    program: Program,
    places: readonly DropoutPlace[],
  ) {
    this.#state = state;
    this.#data = data;
    this.#program = program;
    this.#places = places;
    const { hiddenSize } = state.config;
    this.#scales = data.features.map((values) => featureScales(values, data.featureSize, hiddenSize));
    this.#learnt = new Map(
      [...state.heads].map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]),
    );
    this.#scale();
    this.optimiser = new Optimiser(this.#learnt, settings);
    this.#gradients = this.optimiser.gradientOutputs();
  }

  static async create(state: ModelState, data: HeadInputs, how: HeadsStepSettings): Promise<HeadsStep> {
    const { config, headSettings: settings } = state;
    const { pooledDropout } = how;
    const g = new Graph();
    const places: DropoutPlace[] = [];
    const dropout = dropoutInputs(g, places);
    const heads = new Map([...state.heads].map(([name, { shape }]) => [name, g.input(name, 'float32', shape)]));
    const weights = (name: string): Value => heads.get(name)!;
    const teacher = g.input('teacher', 'float32', ['B', config.labels.length]);
    const { distillation } = problems[config.problemType];
    const exit = exitGraphOf(settings.kind);
    if (!exit) throw new Error('internal: a heads stage without exits');
    const kind = exitOf(settings.kind);
    const readsRows = kind !== null && readsEnteringRows(kind);
    const losses = data.features.map((_, i) => {
      const scaled = g.input(`features.${i + 1}`, 'float32', ['B', data.featureSize]);
      // left out is the mean of all texts: scaled features are about zero
      const read = readsRows ? dropout(scaled, `features.${i + 1}`, pooledDropout) : scaled;
      return distillation(g, teacher, exit.logits(g, { weights, config, settings, layer: i + 1, read, dropout }));
    });
    const loss = losses.reduce((a, b) => g.add(a, b));
    const names = [...heads.keys()];
    backward(g, loss, names.map(weights)).forEach((gradient, i) => {
      g.output(`gradient:${names[i]}`, gradient);
    });
    g.output('loss', loss);
    return new HeadsStep(state, data, how, await how.compile(g, 'train-heads'), places);
  }

  /** One step on the texts of `indices`; `step` counts from 1. */
  async run(indices: readonly number[], learningRate: number, step: number, key: string): Promise<StepResult> {
    const { features, featureSize, teacher } = this.#data;
    const labels = this.#state.config.labels.length;
    const feeds: Record<string, Tensor> = {
      teacher: rows(teacher, labels, indices),
      ...Object.fromEntries(
        features.map((values, i) => [
          `features.${i + 1}`,
          float32(scaledRows(values, this.#scales[i], indices), indices.length, featureSize),
        ]),
      ),
      ...Object.fromEntries([...this.#learnt].map(([name, { shape, data }]) => [name, float32(data, ...shape)])),
      ...this.#masks.draw(this.#places, { N: 0, B: indices.length, S: 0 }, key),
    };
    const results = await this.#program.run(feeds, this.#gradients);
    const loss = floats(results.loss)[0];
    const norm = this.optimiser.norm();
    if (Number.isFinite(loss) && Number.isFinite(norm)) {
      this.optimiser.apply(this.optimiser.clipFactor(norm), { weights: 0, heads: learningRate, thresholds: 0 }, step);
    }
    return { loss: Number.isFinite(norm) ? loss : Number.NaN, norm };
  }

  /**
   * Writes what was learned into the state's heads. Training goes on from what they are then: a run that is resumed
   * has nothing else.
   */
  settle(): void {
    for (const [name, { data }] of this.#learnt) tensorOf(this.#state, name).data.set(data);
    this.#firstLayers((layer, scales) => plainLayer(layer, scales), this.#learnt, this.#state.heads);
    this.#scale();
  }

  /** The first layers of the state's heads, for scaled features. */
  #scale(): void {
    this.#firstLayers((layer, scales) => scaledLayer(layer, scales), this.#state.heads, this.#learnt);
  }

  #firstLayers(
    map: typeof scaledLayer,
    from: ReadonlyMap<string, LearntTensor>,
    into: ReadonlyMap<string, LearntTensor>,
  ): void {
    this.#scales.forEach((scales, i) => {
      const [weight, bias] = ['dense.weight', 'dense.bias'].map((part) => headName(i + 1, part));
      const mapped = map({ weight: from.get(weight)!.data, bias: from.get(bias)!.data }, scales);
      into.get(weight)!.data.set(mapped.weight);
      into.get(bias)!.data.set(mapped.bias);
    });
  }

  close(): Promise<void> {
    return this.#program.close();
  }
}

function rows(from: Float32Array, width: number, indices: readonly number[]): Tensor {
  const data = new Float32Array(indices.length * width);
  indices.forEach((index, i) => {
    data.set(from.subarray(index * width, (index + 1) * width), i * width);
  });
  return float32(data, indices.length, width);
}
