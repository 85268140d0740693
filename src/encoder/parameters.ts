/**
 * The parameters of a network: their names (BERT's own, canonical with the `bert.` prefix), shapes, and BERT's
 * initialisation (normal with initializer_range; LayerNorm 1 and 0; biases 0; the padding word's row 0).
 */
import { randomStream } from '../random.ts';
import type { EncoderConfig } from './config.ts';
import type { StoredTensor } from './safetensors.ts';

export type Parameters = Map<string, StoredTensor>;

export const WORD_EMBEDDINGS = 'bert.embeddings.word_embeddings.weight';
export const POSITION_EMBEDDINGS = 'bert.embeddings.position_embeddings.weight';
export const TOKEN_TYPE_EMBEDDINGS = 'bert.embeddings.token_type_embeddings.weight';
export const EMBEDDINGS_PROJECTION = 'bert.embeddings_project';
export const RELATIVE_POSITIONS = 'bert.encoder.relative_attention_bias.weight';

/** The table of distances that disentangled attention projects, and its LayerNorm. */
export const DISTANCES = 'bert.encoder.rel_embeddings';

/** After the last layer, where norms stand before attention and feed-forward. */
export const FINAL_NORM = 'bert.encoder.LayerNorm';

/** Buckets of distances, see relative-positions.ts. */
export const RELATIVE_BUCKETS = 32;

type NamedShape = readonly [name: string, shape: readonly number[]];

/** Name and shape of each parameter of the backbone and its main classifier, in the order of the network. */
export const parameterShapes = (config: EncoderConfig): Map<string, readonly number[]> => new Map(shapesOf(config));

/** The same one by one: whoever holds them against a file ends at the first that is not there, whatever config.json says. */
export function* shapesOf(config: EncoderConfig): Generator<NamedShape> {
  if (config.layers === 0) return;
  const { hiddenSize: d, embeddingSize: e, intermediateSize: f } = config;
  const { biases, norm: order, gated, positionTable, disentangled, poolerNorm } = config.form;
  function* linear(name: string, out: number, inputs: number, hasBias = true): Generator<NamedShape> {
    yield [`${name}.weight`, [out, inputs]];
    if (hasBias) yield [`${name}.bias`, [out]];
  }
  function* norm(name: string, width = d): Generator<NamedShape> {
    yield [`${name}.weight`, [width]];
    if (biases.norm) yield [`${name}.bias`, [width]];
  }
  yield [WORD_EMBEDDINGS, [config.vocabularySize, e]];
  if (positionTable) yield [POSITION_EMBEDDINGS, [config.unusedPositions + config.maxPositions, e]];
  if (config.tokenTypes) yield [TOKEN_TYPE_EMBEDDINGS, [config.typeVocabularySize, e]];
  yield* norm('bert.embeddings.LayerNorm', e);
  if (e !== d) yield* linear(EMBEDDINGS_PROJECTION, d, e);
  if (config.relativePositions) yield [RELATIVE_POSITIONS, [RELATIVE_BUCKETS, config.heads]];
  if (disentangled) {
    yield [`${DISTANCES}.weight`, [2 * disentangled.buckets, d]];
    yield* norm(`${DISTANCES}.LayerNorm`);
  }
  for (let layer = 0; layer < config.layers; layer++) {
    const name = `bert.encoder.layer.${layer}`;
    if (order === 'before' && layer > 0) yield* norm(`${name}.attention.LayerNorm`);
    for (const part of ['query', 'key', 'value'])
      yield* linear(`${name}.attention.self.${part}`, d, d, biases.attention);
    yield* linear(`${name}.attention.output.dense`, d, d, biases.attention);
    yield* norm(`${name}.${order === 'after' ? 'attention.output' : 'intermediate'}.LayerNorm`);
    yield* linear(`${name}.intermediate.dense`, f, d, biases.feedForward);
    if (gated) yield* linear(`${name}.intermediate.gate`, f, d, biases.feedForward);
    yield* linear(`${name}.output.dense`, d, f, biases.feedForward);
    if (order === 'after') yield* norm(`${name}.output.LayerNorm`);
  }
  if (order === 'before') yield* norm(FINAL_NORM);
  yield* linear('bert.pooler.dense', d, d, biases.pooler);
  if (poolerNorm) yield* norm('bert.pooler.LayerNorm');
  yield* linear('classifier', config.labels.length, d);
}

/** Weight decay leaves biases (that of distances too) and LayerNorm alone, as transformers does. */
export const decays = (name: string): boolean =>
  !name.endsWith('bias') && !name.includes('LayerNorm') && name !== RELATIVE_POSITIONS;

/** A fresh tensor for `name`, from the seed: the same whatever other tensors are made beside it. */
export function initialise(name: string, shape: readonly number[], seed: number, range: number): StoredTensor {
  const data = new Float32Array(shape.reduce((n, dim) => n * dim, 1));
  if (name.includes('LayerNorm')) {
    if (name.endsWith('weight')) data.fill(1);
  } else if (!name.endsWith('bias')) {
    const random = randomStream(seed, 'initialise', name);
    for (let i = 0; i < data.length; i++) data[i] = range * random.normal();
    if (name === WORD_EMBEDDINGS) data.fill(0, 0, shape[1]); // [PAD] is row 0
  }
  return { shape, data };
}

/** One under the other. */
export function joined(tensors: readonly StoredTensor[]): StoredTensor {
  if (tensors.length === 1) return tensors[0];
  const data = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0));
  let at = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, at);
    at += tensor.data.length;
  }
  const [first] = tensors;
  return { data, shape: [tensors.reduce((sum, { shape }) => sum + shape[0], 0), ...first.shape.slice(1)] };
}
