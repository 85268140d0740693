// Plausible random traces: easy and hard texts, tokens that fall from layer to layer, heads that get better with depth.
import type { Trace, TraceEntry } from '../../src/evaluate/trace.ts';
import type { HeadKind } from '../../src/pyramid/exits/exits.ts';
import type { ExitSum } from '../../src/pyramid/exits/sum.ts';
import type { NetworkShape } from '../../src/pyramid/shape.ts';
import { randomStream } from '../../src/random.ts';

export interface RandomTraceOptions {
  readonly seed: number;
  readonly texts?: number;
  readonly shape?: NetworkShape;
  readonly headKind?: HeadKind;
  readonly pairs?: boolean;
  readonly pruned?: boolean;
  /** With a floor 0: every seventh text has no feature. */
  readonly floor?: ExitSum;
}

export const smallShape: NetworkShape = { layers: 6, hiddenSize: 384, heads: 12, intermediateSize: 1536, labels: 4 };

export function randomTrace(options: RandomTraceOptions): Trace {
  const { seed, texts = 200, shape = smallShape, headKind = 'pooled', pairs = false, pruned = true, floor } = options;
  const random = randomStream(seed, 'trace');
  const entries: TraceEntry[] = [];
  for (let i = 0; i < texts; i++) {
    const length = 5 + Math.floor(random.next() ** 2 * 123);
    const label = random.integer(shape.labels);
    const hardness = random.next();
    const tokens = [length];
    const logits: number[][] = [];
    for (let layer = 1; layer <= shape.layers; layer++) {
      const share = pruned ? 1 - 0.3 * random.next() * Math.min(1, length / 64) : 1;
      tokens.push(Math.max(1, Math.round(tokens[layer - 1] * share)));
      const margin = 6 * (layer / shape.layers) * (1.25 - hardness);
      const row = Array.from({ length: shape.labels }, (_, c) => random.normal() + (c === label ? margin : 0));
      logits.push(headKind === 'none' && layer < shape.layers ? [] : row.map(Math.fround));
    }
    const z0 = () =>
      Array.from({ length: shape.labels }, (_, c) => random.normal() + (c === label ? 3 - 3 * hardness : 0));
    entries.push({ label, length, tokens, logits, ...(floor && { floor: i % 7 === 6 ? null : z0() }) });
  }
  const labels = Array.from({ length: shape.labels }, (_, c) => `label ${c}`);
  return { shape, labels, headKind, pairs, ...(floor && { floor }), entries };
}
