/**
 * Rotary positions (Su et al. 2021): queries and keys are turned by angles that grow with the token's original place p, so
 * that their products depend on the distance of two tokens. Of a head's d_h values, the pair (x_c, x_{c + d_h/2}) is turned
 * by p·θ^(−2c/d_h):
 *   x′_c = x_c cos − x_{c + d_h/2} sin,   x′_{c + d_h/2} = x_{c + d_h/2} cos + x_c sin.
 * And the window of local layers: tokens see each other up to a distance. Knows nothing of which families have them.
 */
import type { Graph, Value } from '../graph/index.ts';
import type { EncoderConfig } from './config.ts';
import type { Layout } from './layout.ts';
import { type Arrangement, type Padded, placesOf } from './places.ts';

/** Cosines and sines of the places of some rows, [.., 1, d_h/2] each: the same for all heads. */
export interface Turn {
  readonly cos: Value;
  readonly sin: Value;
}

/** What layers with one layout share, by θ. */
const made = new WeakMap<object, Map<string, Turn | Value>>();

/** Of packed rows, [N, 1, d_h/2] each; null: `layer` (0-based) turns nothing. */
export function turnOf(
  g: Graph,
  config: EncoderConfig,
  layer: number,
  layout: Pick<Layout, 'original' | 'position'>,
): Turn | null {
  const rotary = config.form.rotary?.[layer];
  if (!rotary) return null;
  return shared(layout, `turn ${rotary.theta}`, () =>
    turn(g, config, rotary.theta, layout.original ?? layout.position),
  );
}

/** Of a padded network's places, [S, 1, d_h/2] each. */
export function paddedTurn(g: Graph, config: EncoderConfig, layer: number, layout: Padded): Turn | null {
  const rotary = config.form.rotary?.[layer];
  if (!rotary) return null;
  return shared(layout, `turn ${rotary.theta}`, () => turn(g, config, rotary.theta, g.range(layout.padded)));
}

/** x [.., h, d_h], turned. */
export function turned(g: Graph, x: Value, { cos, sin }: Turn): Value {
  const half = (x.shape.at(-1) as number) / 2;
  const [a, b] = g.split(x, -1, [half, half]);
  return g.concat([g.sub(g.mul(a, cos), g.mul(b, sin)), g.add(g.mul(b, cos), g.mul(a, sin))], -1);
}

/** Which tokens see each other in `layer`: bool [B or 1, 1, S, S]; null: all do. */
export function nearOf(g: Graph, config: EncoderConfig, layer: number, layout: Arrangement | Padded): Value | null {
  const window = windowOf(config, layer);
  if (window === null) return null;
  return shared(layout, `near ${window}`, () => {
    const places = placesOf(g, layout); // [B or 1, S]
    const distances = g.abs(g.sub(g.unsqueeze(places, 1), g.unsqueeze(places, 2))); // [B or 1, S, S]
    return g.unsqueeze(g.op('LessOrEqual', [distances, g.scalar(window, 'int64')], {}), 1);
  });
}

/** Which tokens each text's first one sees, whose place is 0: bool [B or 1, S]; null: all. */
export function nearFirst(g: Graph, config: EncoderConfig, layer: number, layout: Arrangement): Value | null {
  const window = windowOf(config, layer);
  return window === null ? null : g.op('LessOrEqual', [placesOf(g, layout), g.scalar(window, 'int64')], {});
}

/** null also where no text is so long that it matters. */
function windowOf({ form, maxPositions }: EncoderConfig, layer: number): number | null {
  const window = form.rotary?.[layer].window ?? null;
  return window !== null && window < maxPositions - 1 ? window : null;
}

function turn(g: Graph, { hiddenSize, heads, maxPositions }: EncoderConfig, theta: number, places: Value): Turn {
  const half = hiddenSize / heads / 2;
  // angles are float32, as in PyTorch: at far places their rounding shows
  const rates = Float32Array.from({ length: half }, (_, c) => 1 / theta ** ((2 * c) / (2 * half)));
  const table = (of: (angle: number) => number) =>
    Float32Array.from({ length: maxPositions * half }, (_, i) =>
      of(Math.fround(Math.floor(i / half) * rates[i % half])),
    );
  const rows = (name: string, values: Float32Array) =>
    g.unsqueeze(g.gather(g.constant(`${name}.${theta}`, values, [maxPositions, half]), places), 1);
  return { cos: rows('cos', table(Math.cos)), sin: rows('sin', table(Math.sin)) };
}

function shared<T extends Turn | Value>(layout: object, key: string, make: () => T): T {
  const of = made.get(layout) ?? new Map<string, Turn | Value>();
  made.set(layout, of);
  const value = (of.get(key) as T | undefined) ?? make();
  of.set(key, value);
  return value;
}
