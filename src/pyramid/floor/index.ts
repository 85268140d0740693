/** Floor 0, an exit before the network: what reads a text's n-grams, its logits, and how it is stored. */
export { byToken, type Contribution } from './contributions.ts';
export { type FeatureReader, featureReader } from './feature-reader.ts';
export { Floor } from './floor.ts';
export * from './floor-info.ts';
export { type EncodedPair, floorLength, secondOf } from './floor-text.ts';
export { roundToHalf } from './half.ts';
export { bucketsFor, MOST_IDS } from './hashing.ts';
export { FIGURES, OVERLAP_FIGURES, type OverlapFigure } from './overlap.ts';
export { type Pieces, pieceKinds, SKIPPED } from './piece-kinds.ts';
export { type FloorFits, readFloorInfo } from './read-floor-info.ts';
export { SeenBuckets } from './seen-buckets.ts';
export { FLOOR_PREFIX, type FloorTensor, floorFile, floorFrom, floorTensors } from './stored-floor.ts';
export { tfWeights } from './tf-weights.ts';
