/**
 * `pooled`: as `cls`, but it reads H_l[CLS] and the mean of the live rows that ENTER layer l. For pairs it reads the means
 * A and B of the two texts, |A − B| and A ⊙ B, because in [CLS] two texts mix only in deep layers. F = 2d or 5d.
 */
import type { Exit, ExitGraph } from './exit.ts';
import { featureHeadFlops, featureHeadLogits, featureHeadParameters } from './feature-head.ts';
import { liveMean, segmentMeans } from './segments.ts';

export const pooled: Exit = {
  summary: "[CLS] and the mean of each text's tokens",
  asked: 'before',
  reads: 'cls and entering rows',
  needsPairs: false,
  // each mean is a product of weights [1, n] with the n tokens that enter; then |A − B| and A ⊙ B
  flops: (shape, { pairs }, entering) => {
    const { hiddenSize: d } = shape;
    const [features, means, between] = pairs ? [5 * d, 2, 2 * d] : [2 * d, 1, 0];
    return featureHeadFlops(shape, features) + 2 * means * entering * d + between;
  },
};

export const pooledGraph: ExitGraph = {
  parameters: (config, { pairs }, layer) => featureHeadParameters(config, layer, (pairs ? 5 : 2) * config.hiddenSize),
  copies: null,
  rowFeatures: (g, rows) => {
    if (!rows.segments) return [liveMean(g, rows)];
    const { a, b } = segmentMeans(g, rows, rows.segments);
    return [a, b, g.abs(g.sub(a, b)), g.mul(a, b)];
  },
  logits: featureHeadLogits,
};
