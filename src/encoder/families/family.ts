/**
 * What a family of networks is: what config.json calls each size, how the checkpoint's tensors are called, and where the
 * network differs from BERT. Each family fills this in, in its own file; families.ts is the table.
 */
import type { NetworkForm } from '../form.ts';

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
  /** LayerNorm's epsilon: its key and default; a number where config.json does not say it. */
  readonly layerNormEpsilon: readonly [key: string, fallback: number] | number;
  /** Of the hidden and the attention dropout, where config.json does not say it. */
  readonly defaultDropout: number;
  /** Key of the dropout after the embeddings. */
  readonly embeddingDropout: string;
  /** Key and default of the dropout before the classifier's last product; null: as hiddenDropout. */
  readonly classifierDropout: readonly [key: string, fallback: number | null];
  /** Which dropout follows the projection after attention; null: none. */
  readonly attentionOutputDropout: 'hidden' | 'attention' | null;
  readonly poolerActivation: 'tanh' | 'relu' | 'gelu';
  /** Key and default of the dropout before the classifier's first product; `same`: as before its last; null: there is none. */
  readonly classifierInputDropout: readonly [key: string, fallback: number] | 'same' | null;
  /** The padding's id where config.json does not say it. */
  readonly paddingId: number;
  /** Rows of the position table before that of a text's first token, which no token has. */
  readonly unusedPositions: (paddingId: number) => number;
  /** Whether attention has a bias by the distance of two tokens, from one table of all layers (relative-positions.ts). */
  readonly relativePositions: boolean;
  /** How it is put together, where it is not as BERT is (form.ts). */
  readonly form: FormReader | null;
  /** Keys of config.json of which one value is read, and that value; a key that is left out has it. */
  readonly only: Readonly<Record<string, unknown>>;
  /** Keys of config.json that always have this value when a model is written. */
  readonly constants: Readonly<Record<string, unknown>>;
  /** What the backbone's tensors begin with; a bare backbone lacks it. */
  readonly prefix: string;
  /**
   * Names without `.weight` and `.bias`: BERT's, then this family's; `{n}` is a layer. Others are the same in both. Several
   * with one name of the family's are one tensor there, their rows one under the other in this order.
   */
  readonly names: readonly (readonly [canonical: string, own: string])[];
}

/** Reads and writes what config.json says of a form. `check` throws what is wrong with a value. */
export interface FormReader {
  readonly read: (raw: Readonly<Record<string, unknown>>, layers: number, check: FormChecks) => NetworkForm;
  readonly write: (form: NetworkForm, layers: number) => Readonly<Record<string, unknown>>;
}

export interface FormChecks {
  readonly fault: (problem: string) => Error;
  /** A number of 0 or more. */
  readonly real: (key: string, fallback: number, most?: number) => number;
  readonly flag: (key: string) => boolean;
}
