/** `cls`: Linear d→d, tanh, Linear d→C on H_l[CLS]. The paper's exit. */
import type { Exit, ExitGraph } from './exit.ts';
import { featureHeadFlops, featureHeadLogits, featureHeadParameters } from './feature-head.ts';

export const cls: Exit = {
  summary: '[CLS] alone',
  asked: 'before',
  reads: 'cls',
  needsPairs: false,
  flops: (shape) => featureHeadFlops(shape, shape.hiddenSize),
};

export const clsGraph: ExitGraph = {
  parameters: (config, _, layer) => featureHeadParameters(config, layer, config.hiddenSize),
  // the main classifier reads the same kind of row
  copies: { dense: 'bert.pooler.dense', out: 'classifier' },
  rowFeatures: null,
  logits: featureHeadLogits,
};
