export { type BlockHooks, type BlockResult, block, importanceScore } from './block.ts';
export { type LoadedWeights, underOwnNames, weightsOf } from './checkpoint.ts';
export { classificationHead } from './classification-head.ts';
export {
  configJson,
  configOf,
  type EncoderConfig,
  hasNetwork,
  parseConfig,
  withoutNetwork,
} from './config.ts';
export { type DensePart, type Dropout, dense, type Weights } from './dense.ts';
export { embed, embedPlaces, placeOf, placeTable } from './embeddings.ts';
export { FAMILIES, type Family, type FamilyName } from './families/families.ts';
export { afterAttention } from './feed-forward.ts';
export { attentionBias, isFirst, type Layout, layoutOf } from './layout.ts';
export { readConfig, readWeights } from './on-disk.ts';
export {
  decays,
  initialise,
  type Parameters,
  POSITION_EMBEDDINGS,
  parameterShapes,
  TOKEN_TYPE_EMBEDDINGS,
  WORD_EMBEDDINGS,
} from './parameters.ts';
export { bucketOf, firstRelativeBias, relativeBias } from './relative-positions.ts';
export type { StoredTensor } from './safetensors.ts';
export { readSafetensors, readSafetensorsMetadata, writeSafetensors } from './safetensors-file.ts';
