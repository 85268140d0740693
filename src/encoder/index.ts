export { attentionPart, attentionScale } from './attention-part.ts';
export { type BlockHooks, type BlockResult, block, importanceScore, keysOf } from './block.ts';
export { type LoadedWeights, underOwnNames, weightsOf } from './checkpoint.ts';
export { classificationHead, meanRow, pooledRow } from './classification-head.ts';
export {
  configJson,
  configOf,
  type EncoderConfig,
  hasNetwork,
  parseConfig,
  withoutNetwork,
} from './config.ts';
export { type DensePart, type Dropout, dense, hasBias, type Weights } from './dense.ts';
export { distanceLogits, firstDistances } from './disentangled.ts';
export { embed, embedPlaces, placeOf, placeTable } from './embeddings.ts';
export { FAMILIES, type Family, type FamilyName } from './families/families.ts';
export { afterAttention } from './feed-forward.ts';
export { type Disentangled, formOfLayers, keysFold } from './form.ts';
export { attentionBias, isFirst, type Layout, layoutOf, logPresence, rowCount, rowWeights } from './layout.ts';
export { beforeAttention, readRows } from './norms.ts';
export { readConfig, readWeights } from './on-disk.ts';
export { columnProduct, rowProduct } from './one-row.ts';
export {
  decays,
  initialise,
  joined,
  type Parameters,
  POSITION_EMBEDDINGS,
  parameterShapes,
  TOKEN_TYPE_EMBEDDINGS,
  WORD_EMBEDDINGS,
} from './parameters.ts';
export { readsPlaces } from './places.ts';
export { bucketOf, firstRelativeBias, relativeBias } from './relative-positions.ts';
export { nearFirst, nearOf, paddedTurn, turned } from './rotary.ts';
export type { StoredTensor } from './safetensors.ts';
export { readSafetensors, readSafetensorsMetadata, writeSafetensors } from './safetensors-file.ts';
