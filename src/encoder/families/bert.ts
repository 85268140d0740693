/** BERT (Devlin et al. 2019). Its names are the canonical ones. */
import type { Family } from './family.ts';

export const bert: Family = {
  architecture: 'BertForSequenceClassification',
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
  tokenTypes: true,
  layerNormEpsilon: ['layer_norm_eps', 1e-12],
  defaultDropout: 0.1,
  embeddingDropout: 'hidden_dropout_prob',
  classifierDropout: ['classifier_dropout', null],
  attentionOutputDropout: 'hidden',
  poolerActivation: 'tanh',
  classifierInputDropout: null,
  paddingId: 0,
  unusedPositions: () => 0,
  relativePositions: false,
  form: null,
  only: { position_embedding_type: 'absolute' },
  constants: { position_embedding_type: 'absolute' },
  prefix: 'bert.',
  names: [],
};
