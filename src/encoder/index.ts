export {
  type BlockHooks,
  type BlockResult,
  block,
  type DensePart,
  type Dropout,
  dense,
  layerNorm,
  type Weights,
} from './block.ts';
export { type LoadedWeights, readWeights, underOwnNames } from './checkpoint.ts';
export { classify } from './classifier.ts';
export { configJson, type EncoderConfig, type ProblemType, parseConfig, readConfig } from './config.ts';
export { embed } from './embeddings.ts';
export { FAMILIES, type Family, type FamilyName } from './families.ts';
export { attentionBias, isFirst, type Layout, layoutOf } from './layout.ts';
export { decays, initialise, type Parameters, parameterShapes, WORD_EMBEDDINGS } from './parameters.ts';
export { readSafetensors, readSafetensorsMetadata, type StoredTensor, writeSafetensors } from './safetensors.ts';
