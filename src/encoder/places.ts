/**
 * Where tokens stood in their text before any was removed, for families whose attention reads it. Knows nothing of what
 * they make of it.
 */
import type { Graph, Value } from '../graph/index.ts';
import type { EncoderConfig } from './config.ts';
import type { Layout } from './layout.ts';

/** What of a layout tells it. */
export type Arrangement = Pick<Layout, 'padded' | 'original' | 'pad' | 'unpad'>;
/** Rows of a padded network [B, S], none of which was removed. */
export type Padded = Pick<Layout, 'padded'>;

/** Whether attention reads original places, so that they go along with the rows. */
export const readsPlaces = ({ relativePositions, form }: EncoderConfig): boolean =>
  relativePositions || form.rotary !== null || form.disentangled !== null;

/** Original places, [1, S] or [B, S]; dead ones have any. */
export function placesOf(g: Graph, layout: Arrangement | Padded): Value {
  const original = 'original' in layout ? layout.original : null;
  if (original === null) return g.unsqueeze(g.range(layout.padded), 0);
  const { pad, unpad } = layout as Arrangement;
  return g.op('PadRows', [original, pad, unpad], {});
}
