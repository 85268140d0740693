export {
  type BlockHooks,
  type BlockResult,
  block,
  type DensePart,
  type Dropout,
  dense,
  importanceScore,
  layerNorm,
  type Weights,
} from './block.ts';
export { type LoadedWeights, underOwnNames, weightsOf } from './checkpoint.ts';
export { classify } from './classifier.ts';
export { configJson, configOf, type EncoderConfig, type ProblemType, parseConfig } from './config.ts';
export { embed } from './embeddings.ts';
export { FAMILIES, type Family, type FamilyName } from './families/families.ts';
export { attentionBias, isFirst, type Layout, layoutOf } from './layout.ts';
export { readConfig, readWeights } from './on-disk.ts';
export { decays, initialise, type Parameters, parameterShapes, WORD_EMBEDDINGS } from './parameters.ts';
export type { StoredTensor } from './safetensors.ts';
export { readSafetensors, readSafetensorsMetadata, writeSafetensors } from './safetensors-file.ts';
