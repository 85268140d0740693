/**
 * Embeddings of packed rows: word + token type + position (where the family has them), LayerNorm, dropout, and a projection
 * where the family has one. Two ways to the
 * same rows: `embed` looks each of them up; `embedPlaces` takes token type and position from one table of their sums,
 * which saves whoever knows the table beforehand a look-up and an addition of all rows.
 */
import type { Graph, Value } from '../graph/index.ts';
import type { EncoderConfig } from './config.ts';
import { type Dropout, dense, layerNorm, type Weights } from './dense.ts';
import { EMBEDDINGS_PROJECTION, type Parameters, POSITION_EMBEDDINGS, TOKEN_TYPE_EMBEDDINGS } from './parameters.ts';

const SCOPE = 'bert.embeddings';

/**
 * H_0 [N, d]. `words` [N, e] are the rows of the word embedding (who calls decides whether the whole table or only
 * the rows in use are part of the graph); `position` and `types` are int64 [N]. A padded network gives `words` [B, S, e],
 * `position` [S] and `types` [B, S]. `types` may be null where there are no two of them; where there is one, all texts have it.
 */
export function embed(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  words: Value,
  position: Value,
  types: Value | null,
  dropout?: Dropout,
): Value {
  return g.scope(SCOPE, () => {
    const { unusedPositions, form } = config;
    const placed = (x: Value) => {
      if (!form.positionTable) return x;
      const at = unusedPositions === 0 ? position : g.add(position, unusedPositions);
      const places = g.gather(weights(POSITION_EMBEDDINGS), at); // [N, e]
      return g.add(x, places); // [N, e]
    };
    const typed = config.tokenTypes ? g.add(words, typeRows(g, weights, config, types)) : words; // [N, e]
    return finished(g, weights, config, placed(typed), dropout); // [N, d]
  });
}

/**
 * The same from `words` [N, e] and `place` int64 [N], rows of `table` (see `placeTable`), where there is one. Both are asked
 * for within its scope.
 */
export function embedPlaces(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  table: Float32Array | null,
  { words, place }: { readonly words: () => Value; readonly place: () => Value },
): Value {
  const { embeddingSize: e } = config;
  return g.scope(SCOPE, () => {
    if (!table) return finished(g, weights, config, words()); // [N, d]
    const sums = g.constant(`${SCOPE}.places`, table, [table.length / e, e]);
    const places = g.gather(sums, place()); // [N, e]
    return finished(g, weights, config, g.add(words(), places)); // [N, d]
  });
}

/** Position and token type added up, for each token type all positions: [types · positions, e]; null: the family adds neither. */
export function placeTable(config: EncoderConfig, parameters: Parameters): Float32Array | null {
  if (!config.form.positionTable) return null;
  const { embeddingSize: e, maxPositions, unusedPositions, typeVocabularySize } = config;
  const positions = parameters.get(POSITION_EMBEDDINGS)!.data.subarray(unusedPositions * e);
  // a family without token types has nothing to add to a position
  const types = config.tokenTypes
    ? parameters.get(TOKEN_TYPE_EMBEDDINGS)!.data
    : new Float32Array(typeVocabularySize * e);
  const sums = new Float32Array(typeVocabularySize * maxPositions * e);
  for (let type = 0, at = 0; type < typeVocabularySize; type++) {
    for (let i = 0; i < maxPositions * e; i++, at++) sums[at] = positions[i] + types[type * e + (i % e)];
  }
  return sums;
}

/** The row of `placeTable` of a token of this type at this position. */
export const placeOf = ({ maxPositions, typeVocabularySize }: EncoderConfig, type: number, position: number): number =>
  Math.min(type, typeVocabularySize - 1) * maxPositions + position;

/** [N, e], or [1, e] where there is one token type. */
function typeRows(g: Graph, weights: Weights, { typeVocabularySize }: EncoderConfig, types: Value | null): Value {
  const table = weights(TOKEN_TYPE_EMBEDDINGS);
  if (typeVocabularySize === 1) return table;
  if (types === null) throw new Error('internal: embeddings of a family with token types were given none');
  return g.gather(table, types);
}

function finished(g: Graph, weights: Weights, config: EncoderConfig, sum: Value, dropout?: Dropout): Value {
  const normal = layerNorm(g, weights, config, `${SCOPE}.LayerNorm`, sum); // [N, e]
  const x = dropout ? dropout(normal, 'embeddings', config.embeddingDropout) : normal;
  return config.embeddingSize === config.hiddenSize ? x : dense(g, weights, EMBEDDINGS_PROJECTION, x); // [N, d]
}
