/**
 * `aligned`, for pairs: as `pooled`, but instead of the means A and B it reads the distances D_A and D_B of each text's
 * words from the most similar words of the other text (alignment.ts). Features: H_l[CLS], D_A + D_B, D_A − D_B, |A − B|,
 * A ⊙ B. F = 5d.
 */
import { alignment } from './alignment.ts';
import type { Exit, ExitGraph } from './exit.ts';
import { featureHeadLogits, featureHeadParameters } from './feature-head.ts';
import { pooled } from './pooled.ts';
import { segmentMeans } from './segments.ts';

export const aligned: Exit = {
  summary: '[CLS] and, instead of the means, the difference of the two texts word by word',
  asked: 'before',
  reads: 'cls and entering rows',
  needsPairs: true,
  // beside what a pooled one costs: products of all tokens with all, the mixes of them, and two means of the distances
  flops: (shape, sizes, entering, left) =>
    pooled.flops(shape, sizes, entering, left) +
    2 * (2 * entering * entering * shape.hiddenSize + 2 * entering * shape.hiddenSize),
};

export const alignedGraph: ExitGraph = {
  parameters: (config, _, layer) => featureHeadParameters(config, layer, 5 * config.hiddenSize),
  copies: null,
  rowFeatures: (g, { entering, layout, segments: of }) => {
    if (!of) throw new Error('internal: an aligned exit on single texts');
    const { a, b, segments } = segmentMeans(g, { entering, layout }, of);
    return [alignment(g, entering, layout, segments), g.abs(g.sub(a, b)), g.mul(a, b)];
  },
  logits: featureHeadLogits,
};
