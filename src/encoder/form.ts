/**
 * How the parts of a network are put together, where families differ by more than names and sizes: the order of norms,
 * which layers have biases, the feed-forward, rotary positions, what the classifier reads. Knows nothing of graphs.
 */

export interface NetworkForm {
  /**
   * Where LayerNorm stands. `after`: y = LayerNorm(f(x) + x) (Devlin et al. 2019). `before`: y = x + f(LayerNorm(x)), with
   * one more LayerNorm after the last layer, and none before the first layer's attention (ModernBERT).
   */
  readonly norm: 'after' | 'before';
  /** Which parts have a bias. */
  readonly biases: {
    readonly norm: boolean;
    readonly attention: boolean;
    readonly feedForward: boolean;
    /** The main classifier's first product; its last one always has. */
    readonly pooler: boolean;
  };
  /** Feed-forward gelu(x W_1) ⊙ (x W_g) W_2 instead of gelu(x W_1) W_2 (Shazeer 2020). */
  readonly gated: boolean;
  /** There is a table of positions, which is added to the words. */
  readonly positionTable: boolean;
  /** Positions turn queries and keys (rotary.ts); null: they do not. */
  readonly rotary: Rotary | null;
  /** Queries and keys are multiplied with distances (disentangled.ts); null: they are not. */
  readonly disentangled: Disentangled | null;
  /** What the main classifier reads: the last layer's [CLS], or the mean of its live rows. */
  readonly pooling: 'cls' | 'mean';
  /** LayerNorm between the main classifier's two products. */
  readonly poolerNorm: boolean;
}

/** One entry a layer. */
export type Rotary = readonly RotaryLayer[];

export interface RotaryLayer {
  /** Base of the frequencies. */
  readonly theta: number;
  /** The largest distance of two tokens that see each other (a local layer); null: all do. */
  readonly window: number | null;
}

export interface Disentangled {
  /** Of distances, on each side; the table has two rows each. */
  readonly buckets: number;
  /** One more than the distance of the last bucket. */
  readonly span: number;
}

export const BERT_FORM: NetworkForm = {
  norm: 'after',
  biases: { norm: true, attention: true, feedForward: true, pooler: true },
  gated: false,
  positionTable: true,
  rotary: null,
  disentangled: null,
  pooling: 'cls',
  poolerNorm: false,
};

/**
 * Whether a query takes the key projection over (pyramid/peek.ts), so that no key is needed, and a key's bias changes nothing:
 * not where keys are turned or multiplied by places.
 */
export const keysFold = ({ rotary, disentangled }: NetworkForm): boolean => rotary === null && disentangled === null;

/** The form of a network that has only some of the layers (0-based). */
export const formOfLayers = (form: NetworkForm, layers: readonly number[]): NetworkForm => ({
  ...form,
  rotary: form.rotary && layers.map((layer) => form.rotary![layer]),
});
