/**
 * Traces a network during training: one pass with exits off gives, for each text, the tokens that entered each layer
 * and the logits of every head. Judging what it gave, at any tau, is src/evaluate's.
 */
import { Graph } from '../../graph/index.ts';
import { network, type Pruning } from '../../pyramid/network.ts';
import { bigints, type Compile, floats, type Program, type Tensor } from '../../runtime/runtime.ts';
import { evaluationBatches } from '../../text/batches.ts';
import { type EncodedSet, packBatch } from '../batch.ts';
import type { ModelState } from '../state.ts';
import { ParameterInputs, parameterFeeds, rowInputs, wordFeed } from '../step/parameter-inputs.ts';

export interface TextTrace {
  /** Live tokens entering layer 1, then left after each layer: L + 1 numbers. */
  readonly tokens: readonly number[];
  /** Logits of layers 1 … L; [] where a layer has no head. */
  readonly logits: readonly (readonly number[])[];
}

/** What the heads read, and the teacher's logits: enough to train and trace exits that read features without the backbone. */
export interface HeadInputs {
  /** As `TextTrace.tokens`, by text. */
  readonly tokens: readonly (readonly number[])[];
  /** For layers 1 … L−1, [texts, F] each. */
  readonly features: readonly Float32Array[];
  readonly featureSize: number;
  /** [texts, C]. */
  readonly teacher: Float32Array;
}

const TOKENS_A_BATCH = 4096;

export class Tracer {
  readonly #state: ModelState;
  readonly #program: Program;
  readonly #used: readonly string[];

  private constructor(state: ModelState, program: Program, used: readonly string[]) {
    this.#state = state;
    this.#program = program;
    this.#used = used;
  }

  static async create(state: ModelState, pruning: Pruning, compile: Compile): Promise<Tracer> {
    const { config, headSettings: heads } = state;
    const g = new Graph();
    const parameters = new ParameterInputs(g, state);
    const inputs = rowInputs(g, config, heads);
    const net = network(g, parameters.weights, config, inputs, { pruning, heads, lastLayer: 'scores' });
    g.output('logits', net.logits);
    net.exits.forEach((exit, i) => {
      g.output(`exit.${i + 1}`, exit);
    });
    net.features.forEach((value, i) => {
      g.output(`features.${i + 1}`, value);
    });
    net.scores.forEach((score, i) => {
      if (score) g.output(`scores.${i + 1}`, score);
    });
    net.layouts.forEach((layout, i) => {
      g.output(`lengths.${i}`, layout.lengths);
    });
    return new Tracer(state, await compile(g, `judge-${pruning}`), parameters.names);
  }

  /** One entry a text, in the set's order. */
  async trace(set: EncodedSet, onProgress?: (done: number) => void): Promise<TextTrace[]> {
    const { layers, labels } = this.#state.config;
    const result = new Array<TextTrace>(set.encodings.length);
    for await (const { indices, outputs } of this.#batches(set)) {
      const tokens = this.#tokens(outputs);
      const heads = Array.from({ length: layers }, (_, i) => outputs[i + 1 === layers ? 'logits' : `exit.${i + 1}`]);
      indices.forEach((index, text) => {
        result[index] = {
          tokens: tokens(text),
          logits: heads.map((head) =>
            head ? Array.from(floats(head).subarray(text * labels.length, (text + 1) * labels.length)) : [],
          ),
        };
      });
      onProgress?.(indices.length);
    }
    return result;
  }

  async headInputs(set: EncodedSet, onProgress?: (done: number) => void): Promise<HeadInputs> {
    const { layers, labels } = this.#state.config;
    const texts = set.encodings.length;
    const tokens = new Array<readonly number[]>(texts);
    const teacher = new Float32Array(texts * labels.length);
    const features: Float32Array[] = [];
    let featureSize = 0;
    const scatter = (from: Float32Array, into: Float32Array, width: number, indices: readonly number[]) =>
      indices.forEach((index, text) => {
        into.set(from.subarray(text * width, (text + 1) * width), index * width);
      });
    for await (const { indices, outputs } of this.#batches(set)) {
      const kept = this.#tokens(outputs);
      indices.forEach((index, text) => {
        tokens[index] = kept(text);
      });
      scatter(floats(outputs.logits), teacher, labels.length, indices);
      for (let layer = 1; layer < layers; layer++) {
        const output = outputs[`features.${layer}`];
        featureSize = output.dims[1];
        features[layer - 1] ??= new Float32Array(texts * featureSize);
        scatter(floats(output), features[layer - 1], featureSize, indices);
      }
      onProgress?.(indices.length);
    }
    return { tokens, features, featureSize, teacher };
  }

  /** For each text and each layer, the importance (eq. 4) of the tokens that enter the layer; of a pruning network. */
  async importance(set: EncodedSet): Promise<Float32Array[][]> {
    const { layers } = this.#state.config;
    const result = new Array<Float32Array[]>(set.encodings.length);
    for await (const { indices, outputs } of this.#batches(set)) {
      const byLayer = Array.from({ length: layers }, (_, layer) => {
        const scores = floats(outputs[`scores.${layer + 1}`]);
        let end = 0;
        // rows of a text stand together, in the order of the batch
        return Array.from(bigints(outputs[`lengths.${layer}`]), (n) => {
          end += Number(n);
          return scores.slice(end - Number(n), end);
        });
      });
      indices.forEach((index, text) => {
        result[index] = byLayer.map((texts) => texts[text]);
      });
    }
    return result;
  }

  /** Live tokens of a batch's texts. */
  #tokens(outputs: Record<string, Tensor>): (text: number) => number[] {
    const lengths = Array.from({ length: this.#state.config.layers + 1 }, (_, layer) =>
      bigints(outputs[`lengths.${layer}`]),
    );
    return (text) => lengths.map((values) => Number(values[text]));
  }

  async *#batches(set: EncodedSet): AsyncGenerator<{ indices: readonly number[]; outputs: Record<string, Tensor> }> {
    const parameters = parameterFeeds(this.#state, this.#used);
    for (const indices of evaluationBatches(set.lengths, { maxTokens: TOKENS_A_BATCH, maxTexts: 512 })) {
      const { ids, types, segments, sequence } = packBatch(set, indices);
      const words = wordFeed(this.#state, ids);
      const outputs = await this.#program.run({ words, types, segments, sequence, ...parameters });
      yield { indices, outputs };
    }
  }

  close(): Promise<void> {
    return this.#program.close();
  }
}
