/**
 * What an exit is: the fields that every kind fills in, each in its own file. exits.ts is their table. An exit reads rows
 * of the network and gives logits; exit-rule.ts decides whether a text exits there. The description (`Exit`) is separate
 * from how it is written into a graph (`ExitGraph`), so that a page that only counts operations does not load the code
 * that writes graphs.
 */
import type { Dropout, EncoderConfig, Layout, Weights } from '../../encoder/index.ts';
import type { Graph, Value } from '../../graph/index.ts';
import type { NetworkShape } from '../shape.ts';

export interface Exit {
  /** For help texts: what it reads, in words. */
  readonly summary: string;
  /** Before its layer runs, from what a peek makes of [CLS]; or after it, from the rows that the layer leaves. */
  readonly asked: 'before' | 'after';
  /**
   * [CLS] of its layer's output; that beside the rows that enter the layer; or all rows of the output. The first two
   * are features of fixed size: where the backbone is frozen they are computed once for all texts. Floor 0 reads no row.
   */
  readonly reads: 'cls' | 'cls and entering rows' | 'leaving rows' | 'token ids';
  /** It compares the two texts of a pair. */
  readonly needsPairs: boolean;
  /** Its operations for one text: `entering` tokens enter its layer, `left` leave it. The peek is not counted. */
  readonly flops: (shape: NetworkShape, sizes: ExitSizes, entering: number, left: number) => number;
}

export interface ExitGraph {
  /** Names and shapes of its parameters at `layer` (from 1), weights as [out, in]. */
  readonly parameters: (
    config: EncoderConfig,
    settings: ExitSettings,
    layer: number,
  ) => ReadonlyMap<string, readonly number[]>;
  /** The main classifier's parameter that a fresh one of these copies, by its part ('dense', 'out'); null: random. */
  readonly copies: Readonly<Record<string, string>> | null;
  /** What it reads of the rows that enter, [B, d] or [B, 2d] each, to stand beside [CLS]; null: nothing. */
  readonly rowFeatures: ((g: Graph, rows: EnteringRows) => Value[]) | null;
  /** Logits [B, C]. */
  readonly logits: (g: Graph, input: ExitInput) => Value;
}

/** What shapes and counts of an exit depend on, beside the network's own shape. */
export interface ExitSizes {
  /** The texts are pairs: exits that read rows tell the two segments apart. */
  readonly pairs: boolean;
  /** Width e of `fastbert` heads. */
  readonly width: number;
}

export interface ExitSettings extends ExitSizes {
  /** Attention heads of `fastbert` heads. */
  readonly attentionHeads: number;
}

export interface EnteringRows {
  /** [B, S, d]: the rows that enter the layer, padded. */
  readonly entering: Value;
  readonly layout: Layout;
  /** int64 [N]: which text of a pair each live row is of, 0 or 1; null for single texts. */
  readonly segments: Value | null;
}

export interface ExitInput {
  readonly weights: Weights;
  readonly config: EncoderConfig;
  readonly settings: ExitSettings;
  /** From 1. */
  readonly layer: number;
  /** Features [B, F], or the leaving rows [N, d] where the exit reads those. */
  readonly read: Value;
  /** Of the leaving rows, where the exit reads those. */
  readonly layout?: Layout;
  /** In training. */
  readonly dropout?: Dropout;
}
