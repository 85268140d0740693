/** What a network reads as inputs of a graph: its parameters, so that training can change them between runs, and rows. */
import { type EncoderConfig, type Weights, WORD_EMBEDDINGS } from '../../encoder/index.ts';
import type { Graph, Value } from '../../graph/index.ts';
import type { HeadSettings } from '../../pyramid/exits/exits.ts';
import type { NetworkInputs } from '../../pyramid/network.ts';
import { float32, type Tensor } from '../../runtime/runtime.ts';
import { type ModelState, tensorOf } from '../state.ts';

export class ParameterInputs {
  readonly #values = new Map<string, Value>();
  /** To be given to what writes the network: an input is made for each parameter that is asked for. */
  readonly weights: Weights;

  constructor(g: Graph, state: ModelState) {
    this.weights = (name) => {
      let value = this.#values.get(name);
      if (!value) {
        value = g.input(name, 'float32', tensorOf(state, name).shape);
        this.#values.set(name, value);
      }
      return value;
    };
  }

  /** Those that were asked for. */
  get names(): readonly string[] {
    return [...this.#values.keys()];
  }
}

/** What the inputs `names` are given at a run: the state's own memory, not a copy. */
export function parameterFeeds(state: ModelState, names: readonly string[]): Record<string, Tensor> {
  return Object.fromEntries(
    names.map((name) => {
      const { shape, data } = tensorOf(state, name);
      return [name, float32(data, ...shape)];
    }),
  );
}

/** The input for which text of a pair each row is of, where heads read it. */
export const segmentInput = (g: Graph, { pairs }: Pick<HeadSettings, 'pairs'>): Pick<NetworkInputs, 'segments'> =>
  pairs ? { segments: g.input('segments', 'int64', ['N']) } : {};

/** The rows of a batch as inputs, where nothing else shows how many texts there are. */
export function rowInputs(
  g: Graph,
  { embeddingSize }: EncoderConfig,
  heads: Pick<HeadSettings, 'pairs'>,
): NetworkInputs {
  const sequence = g.input('sequence', 'int64', ['N']);
  // one more than the last row's text
  g.bindDim('B', g.add(g.op('ReduceMax', [sequence], { axes: [0], keepDims: false }), 1));
  return {
    words: g.input('words', 'float32', ['N', embeddingSize]),
    types: g.input('types', 'int64', ['N']),
    ...segmentInput(g, heads),
    sequence,
  };
}

/** The word embedding of each row of a batch, [rows, d]: in evaluation; training keeps its own account of the table. */
export function wordFeed(state: ModelState, ids: Int32Array): Tensor {
  const { data, shape } = tensorOf(state, WORD_EMBEDDINGS);
  const width = shape[1];
  const words = new Float32Array(ids.length * width);
  ids.forEach((id, row) => {
    words.set(data.subarray(id * width, (id + 1) * width), row * width);
  });
  return float32(words, ids.length, width);
}
