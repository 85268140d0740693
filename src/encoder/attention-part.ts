/** The linear layers of attention, and the scale of its logits. Knows nothing of graphs. */
import type { EncoderConfig } from './config.ts';
import type { DensePart } from './dense.ts';

export type AttentionPart = 'query' | 'key' | 'value';

/** 1/√d_h; where logits are sums of three products (disentangled.ts), 1/√(3 d_h). */
export const attentionScale = ({ hiddenSize, heads, form }: EncoderConfig): number =>
  1 / Math.sqrt((hiddenSize / heads) * (form.disentangled ? 3 : 1));

/** Of `layer` (0-based). The query's takes the scale, since its weights are the smallest place for it. */
export const attentionPart = (config: EncoderConfig, layer: number, kind: AttentionPart): DensePart => ({
  name: `bert.encoder.layer.${layer}.attention.self.${kind}`,
  ...(kind === 'query' && { scale: attentionScale(config) }),
  bias: config.form.biases.attention,
});
