/** Embeddings of packed rows: word + token type (where the family has it) + position, LayerNorm, dropout. */
import type { Graph, Value } from '../graph/index.ts';
import { type Dropout, layerNorm, type Weights } from './block.ts';
import type { EncoderConfig } from './config.ts';

/**
 * H_0 [N, d]. `words` [N, d] are the rows of the word embedding (who calls decides whether the whole table or only
 * the rows in use are part of the graph); `position` and `types` are int64 [N].
 */
export function embed(
  g: Graph,
  weights: Weights,
  config: EncoderConfig,
  words: Value,
  position: Value,
  types: Value,
  dropout?: Dropout,
): Value {
  return g.scope('bert.embeddings', () => {
    const places = g.gather(weights('bert.embeddings.position_embeddings.weight'), position); // [N, d]
    const typed = config.tokenTypes
      ? g.add(words, g.gather(weights('bert.embeddings.token_type_embeddings.weight'), types))
      : words; // [N, d]
    const x = layerNorm(g, weights, config, 'bert.embeddings.LayerNorm', g.add(typed, places)); // [N, d]
    return dropout ? dropout(x, 'embeddings', config.hiddenDropout) : x;
  });
}
