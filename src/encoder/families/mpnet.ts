/**
 * MPNet (Song et al. 2020): attention also has a bias by the distance of two tokens, one table for all layers. No token
 * types; positions begin after the padding's row, which is 1; its classifier is Linear, tanh, Linear on the first token.
 */
import type { Family } from './family.ts';

const bertLayer = 'bert.encoder.layer.{n}';
const mpnetLayer = 'mpnet.encoder.layer.{n}';

export const mpnet: Family = {
  architecture: 'MPNetForSequenceClassification',
  keys: {
    vocabularySize: 'vocab_size',
    hiddenSize: 'hidden_size',
    layers: 'num_hidden_layers',
    heads: 'num_attention_heads',
    intermediateSize: 'intermediate_size',
    maxPositions: 'max_position_embeddings',
    hiddenDropout: 'hidden_dropout_prob',
    attentionDropout: 'attention_probs_dropout_prob',
    activation: 'hidden_act',
  },
  embeddingSize: null,
  tokenTypes: false,
  layerNormEpsilon: ['layer_norm_eps', 1e-12],
  defaultDropout: 0.1,
  embeddingDropout: 'hidden_dropout_prob',
  // transformers has no key for it
  classifierDropout: ['hidden_dropout_prob', null],
  attentionOutputDropout: 'hidden',
  poolerActivation: 'tanh',
  classifierInputDropout: 'same',
  paddingId: 1,
  unusedPositions: () => 2,
  relativePositions: true,
  form: null,
  // transformers computes with 32 whatever is said
  only: { relative_attention_num_buckets: 32 },
  constants: { relative_attention_num_buckets: 32 },
  prefix: 'mpnet.',
  names: [
    ['bert.embeddings.word_embeddings', 'mpnet.embeddings.word_embeddings'],
    ['bert.embeddings.position_embeddings', 'mpnet.embeddings.position_embeddings'],
    ['bert.embeddings.LayerNorm', 'mpnet.embeddings.LayerNorm'],
    ['bert.encoder.relative_attention_bias', 'mpnet.encoder.relative_attention_bias'],
    [`${bertLayer}.attention.self.query`, `${mpnetLayer}.attention.attn.q`],
    [`${bertLayer}.attention.self.key`, `${mpnetLayer}.attention.attn.k`],
    [`${bertLayer}.attention.self.value`, `${mpnetLayer}.attention.attn.v`],
    [`${bertLayer}.attention.output.dense`, `${mpnetLayer}.attention.attn.o`],
    [`${bertLayer}.attention.output.LayerNorm`, `${mpnetLayer}.attention.LayerNorm`],
    [`${bertLayer}.intermediate.dense`, `${mpnetLayer}.intermediate.dense`],
    [`${bertLayer}.output.dense`, `${mpnetLayer}.output.dense`],
    [`${bertLayer}.output.LayerNorm`, `${mpnetLayer}.output.LayerNorm`],
    ['bert.pooler.dense', 'classifier.dense'],
    ['classifier', 'classifier.out_proj'],
  ],
};
