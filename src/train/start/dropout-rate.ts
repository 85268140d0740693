/** The dropout that a run is asked for, in the place of what a model says. */
import { type EncoderConfig, FAMILIES, parseConfig } from '../../encoder/index.ts';

/**
 * The configuration with `rate` at every place that its family drops: after the embeddings, attention's weights, after attention
 * and after the feed-forward part, before the classifier. null: as it is.
 */
export function withDropout(config: EncoderConfig, rate: number | null): EncoderConfig {
  if (rate === null) return config;
  const { keys, embeddingDropout, classifierDropout } = FAMILIES[config.family];
  const names = [embeddingDropout, keys.hiddenDropout, keys.attentionDropout, classifierDropout[0]];
  const raw = { ...config.raw, ...Object.fromEntries(names.map((name) => [name, rate])) };
  return { ...parseConfig(raw, 'dropout'), labels: config.labels, problemType: config.problemType };
}
