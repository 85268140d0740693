/**
 * What a served model has done, in numbers: plain additions for each text, read by the metrics when they are asked for.
 * Knows no metrics library.
 */
import type { ClassifiedText } from './served-model.ts';

export class ServedTotals {
  texts = 0;
  tokens = 0;
  truncated = 0;
  flops = 0;
  denseFlops = 0;
  /** [L + 1], by layer that answered; entry 0 is floor 0. */
  readonly exits: number[];
  /** Tokens that entered a layer, entry l−1. */
  readonly tokensByLayer: number[];

  constructor(layers: number) {
    this.exits = new Array<number>(layers + 1).fill(0);
    this.tokensByLayer = new Array<number>(layers).fill(0);
  }

  add({ exit, tokens, truncated, flops, denseFlops }: ClassifiedText): void {
    this.texts++;
    this.tokens += tokens[0];
    if (truncated) this.truncated++;
    this.flops += flops;
    this.denseFlops += denseFlops;
    this.exits[exit]++;
    for (let layer = 1; layer <= exit; layer++) this.tokensByLayer[layer - 1] += tokens[layer - 1] ?? 0;
  }
}
