/** The exit heads of layers 1 … L−1 together: names and shapes of all their parameters, and fresh ones. */
import { type EncoderConfig, initialise, type Parameters } from '../../encoder/index.ts';
import { exitGraphOf, type HeadSettings } from './exits.ts';

/** Names and shapes of all exit heads' parameters. */
export function headShapes(config: EncoderConfig, settings: HeadSettings): Map<string, readonly number[]> {
  const exit = exitGraphOf(settings.kind);
  const layers = Array.from({ length: exit ? config.layers - 1 : 0 }, (_, i) => i + 1);
  return new Map(layers.flatMap((layer) => [...exit!.parameters(config, settings, layer)]));
}

/**
 * Fresh exit heads. Those that read what the main classifier reads start as copies of it where there is one with their
 * activation; others start random.
 */
export function initialHeads(
  config: EncoderConfig,
  settings: HeadSettings,
  seed: number,
  main?: Parameters,
): Parameters {
  const heads: Parameters = new Map();
  const copies = config.poolerActivation === 'tanh' ? exitGraphOf(settings.kind)?.copies : null;
  for (const [name, shape] of headShapes(config, settings)) {
    const [, , , part, kind] = name.split('.');
    const source = copies ? main?.get(`${copies[part]}.${kind}`) : undefined;
    heads.set(
      name,
      source ? { shape, data: source.data.slice() } : initialise(name, shape, seed, config.initializerRange),
    );
  }
  return heads;
}
