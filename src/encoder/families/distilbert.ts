/** DistilBERT (Sanh et al. 2019): no token types, no pooler; its classifier is Linear, ReLU, Linear. */
import type { Family } from './family.ts';

const bertLayer = 'bert.encoder.layer.{n}';
const distilbertLayer = 'distilbert.transformer.layer.{n}';

export const distilbert: Family = {
  architecture: 'DistilBertForSequenceClassification',
  keys: {
    vocabularySize: 'vocab_size',
    hiddenSize: 'dim',
    layers: 'n_layers',
    heads: 'n_heads',
    intermediateSize: 'hidden_dim',
    maxPositions: 'max_position_embeddings',
    hiddenDropout: 'dropout',
    attentionDropout: 'attention_dropout',
    activation: 'activation',
  },
  embeddingSize: null,
  tokenTypes: false,
  layerNormEpsilon: 1e-12,
  defaultDropout: 0.1,
  embeddingDropout: 'dropout',
  classifierDropout: ['seq_classif_dropout', 0.2],
  attentionOutputDropout: null,
  poolerActivation: 'relu',
  classifierInputDropout: null,
  paddingId: 0,
  unusedPositions: () => 0,
  relativePositions: false,
  form: null,
  only: { position_embedding_type: 'absolute' },
  constants: {},
  prefix: 'distilbert.',
  names: [
    ['bert.embeddings.word_embeddings', 'distilbert.embeddings.word_embeddings'],
    ['bert.embeddings.position_embeddings', 'distilbert.embeddings.position_embeddings'],
    ['bert.embeddings.LayerNorm', 'distilbert.embeddings.LayerNorm'],
    [`${bertLayer}.attention.self.query`, `${distilbertLayer}.attention.q_lin`],
    [`${bertLayer}.attention.self.key`, `${distilbertLayer}.attention.k_lin`],
    [`${bertLayer}.attention.self.value`, `${distilbertLayer}.attention.v_lin`],
    [`${bertLayer}.attention.output.dense`, `${distilbertLayer}.attention.out_lin`],
    [`${bertLayer}.attention.output.LayerNorm`, `${distilbertLayer}.sa_layer_norm`],
    [`${bertLayer}.intermediate.dense`, `${distilbertLayer}.ffn.lin1`],
    [`${bertLayer}.output.dense`, `${distilbertLayer}.ffn.lin2`],
    [`${bertLayer}.output.LayerNorm`, `${distilbertLayer}.output_layer_norm`],
    ['bert.pooler.dense', 'pre_classifier'],
  ],
};
