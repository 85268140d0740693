/** What the pieces of a model have cost so far: texts that went through each, and milliseconds that it took. */
import type { PieceKind } from './programs.ts';

/** What one piece of a model has cost so far. */
export interface PieceCost {
  /** `floor`: floor 0, whose cost is without tokenising. */
  readonly kind: PieceKind | 'floor';
  /** From 1; of floor 0, 0. */
  readonly layer: number;
  /** How often it ran. */
  readonly batches: number;
  /** Texts that went through it. */
  readonly texts: number;
  /** Milliseconds, all runs together. */
  readonly ms: number;
}

export class PieceCosts {
  readonly #pieces = new Map<string, PieceCost>();

  add({ kind, layer, batches, texts, ms }: PieceCost): void {
    const key = `${kind} ${layer}`;
    const before = this.#pieces.get(key) ?? { batches: 0, texts: 0, ms: 0 };
    this.#pieces.set(key, {
      kind,
      layer,
      batches: before.batches + batches,
      texts: before.texts + texts,
      ms: before.ms + ms,
    });
  }

  /** In the order in which pieces were first run. */
  get pieces(): readonly PieceCost[] {
    return [...this.#pieces.values()];
  }
}
