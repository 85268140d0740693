/**
 * What a family of networks is: what config.json calls each size, how the checkpoint's tensors are called, and where the
 * network differs from BERT. Each family fills this in, in its own file; families.ts is the table.
 */
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
  /** transformers' class of a sequence classifier; null: there is no network, and no layers. */
  readonly architecture: string | null;
  /** Keys of config.json. */
  readonly keys: Readonly<Record<SizeName, string>>;
  /** Key and default of the embeddings' own width, from which they are projected; null: it is hiddenSize. */
  readonly embeddingSize: readonly [key: string, fallback: number] | null;
  /** Whether there are token type embeddings and config.json says how many. */
  readonly tokenTypes: boolean;
  /** LayerNorm's epsilon where config.json does not say it; null: it does (layer_norm_eps). */
  readonly layerNormEpsilon: number | null;
  /** Key and default of the dropout before the classifier's last product; null: as hiddenDropout. */
  readonly classifierDropout: readonly [key: string, fallback: number | null];
  /** Whether dropout follows the projection after attention. */
  readonly dropsAttentionOutput: boolean;
  readonly poolerActivation: 'tanh' | 'relu' | 'gelu';
  /** Whether dropout comes before the classifier's first product too. */
  readonly dropsClassifierInput: boolean;
  /** The padding's id where config.json does not say it. */
  readonly paddingId: number;
  /** Rows of the position table before that of a text's first token, which no token has. */
  readonly unusedPositions: (paddingId: number) => number;
  /** Whether attention has a bias by the distance of two tokens, from one table of all layers (relative-positions.ts). */
  readonly relativePositions: boolean;
  /** Keys of config.json of which one value is read, and that value; a key that is left out has it. */
  readonly only: Readonly<Record<string, unknown>>;
  /** Keys of config.json that always have this value when a model is written. */
  readonly constants: Readonly<Record<string, unknown>>;
  /** What the backbone's tensors begin with; a bare backbone lacks it. */
  readonly prefix: string;
  /** Names without `.weight` and `.bias`: BERT's, then this family's; `{n}` is a layer. Others are the same in both. */
  readonly names: readonly (readonly [canonical: string, own: string])[];
}
