/**
 * The families of networks that are read, as rows: what config.json calls each size, how the checkpoint's tensors are
 * called, and where the network differs from BERT. Everything else in the house knows BERT's names alone.
 */
export type FamilyName = 'bert' | 'distilbert';

export type SizeName =
  | 'vocabularySize'
  | 'hiddenSize'
  | 'layers'
  | 'heads'
  | 'intermediateSize'
  | 'maxPositions'
  | 'hiddenDropout'
  | 'attentionDropout'
  | 'activation';

export interface Family {
  /** transformers' class of a sequence classifier. */
  readonly architecture: string;
  /** Keys of config.json. */
  readonly keys: Readonly<Record<SizeName, string>>;
  /** Whether there are token type embeddings and config.json says how many. */
  readonly tokenTypes: boolean;
  /** LayerNorm's epsilon where config.json does not say it; null: it does (layer_norm_eps). */
  readonly layerNormEpsilon: number | null;
  /** Key and default of the dropout before the classifier's last product; null: as hiddenDropout. */
  readonly classifierDropout: readonly [key: string, fallback: number | null];
  /** Whether dropout follows the projection after attention. */
  readonly dropsAttentionOutput: boolean;
  readonly poolerActivation: 'tanh' | 'relu';
  /** Keys of config.json that always have this value when a model is written. */
  readonly constants: Readonly<Record<string, unknown>>;
  /** What the backbone's tensors begin with; a bare backbone lacks it. */
  readonly prefix: string;
  /** Names without `.weight` and `.bias`: BERT's, then this family's; `{n}` is a layer. Others are the same in both. */
  readonly names: readonly (readonly [canonical: string, own: string])[];
}

const bertLayer = 'bert.encoder.layer.{n}';
const distilbertLayer = 'distilbert.transformer.layer.{n}';

export const FAMILIES: Readonly<Record<FamilyName, Family>> = {
  bert: {
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
    tokenTypes: true,
    layerNormEpsilon: null,
    classifierDropout: ['classifier_dropout', null],
    dropsAttentionOutput: true,
    poolerActivation: 'tanh',
    constants: { position_embedding_type: 'absolute' },
    prefix: 'bert.',
    names: [],
  },
  // Sanh et al. 2019: no token types, no pooler; its classifier is Linear, ReLU, Linear
  distilbert: {
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
    tokenTypes: false,
    layerNormEpsilon: 1e-12,
    classifierDropout: ['seq_classif_dropout', 0.2],
    dropsAttentionOutput: false,
    poolerActivation: 'relu',
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
  },
};

/** A parameter's name in the family's own checkpoints, from BERT's. */
export const ownName = (family: FamilyName, canonical: string): string =>
  translate(canonical, FAMILIES[family].names, 0);

/** BERT's name, from the family's own, with or without its prefix. */
export function canonicalName(family: FamilyName, own: string): string {
  const { names, prefix } = FAMILIES[family];
  const whole = /^(embeddings|encoder|transformer|pooler)\./.test(own) ? prefix + own : own;
  return translate(whole, names, 1);
}

function translate(name: string, names: Family['names'], from: 0 | 1): string {
  const layer = /\.layer\.(\d+)\./.exec(name)?.[1] ?? '';
  const general = name.replace(/\.layer\.\d+\./, '.layer.{n}.').replace(/\.(weight|bias)$/, '');
  const found = names.find((pair) => pair[from] === general);
  return found ? found[1 - from].replace('{n}', layer) + name.slice(name.lastIndexOf('.')) : name;
}
