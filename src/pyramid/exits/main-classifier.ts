/** The last layer's exit, which always answers: the encoder's main classifier, on [CLS] of the last layer or the mean of its rows. */
import { classificationHead, parameterShapes } from '../../encoder/index.ts';
import type { Exit, ExitGraph } from './exit.ts';
import { featureHeadFlops } from './feature-head.ts';

export const mainClassifier: Exit = {
  summary: 'the main classifier',
  asked: 'before',
  reads: 'cls',
  needsPairs: false,
  // BERT's pooler d → d and classifier d → C
  flops: (shape, _, _entering, left) =>
    featureHeadFlops(shape, shape.hiddenSize) + (shape.pooling === 'mean' ? 2 * left * shape.hiddenSize : 0),
};

export const mainClassifierGraph: ExitGraph = {
  parameters: (config) =>
    new Map([...parameterShapes(config)].filter(([name]) => /^(bert\.pooler|classifier)\./.test(name))),
  copies: null,
  rowFeatures: null,
  logits: (g, { weights, config, read, dropout }) => classificationHead(g, weights, config, read, dropout),
};
