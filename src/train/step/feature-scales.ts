/**
 * Scales the inputs of exit heads while they train: x̂ = (x − μ) / σ for each feature over the training rows. [CLS] of an
 * early layer is nearly the same for all texts (on MiniLM it varies by 0.001 around values of 0.05), and a head that reads
 * it unscaled learns nothing from it. The map is linear, so the head's first layer absorbs it when training ends.
 */

export interface FeatureScales {
  /** μ, [F]. */
  readonly means: Float32Array;
  /** σ, [F]. */
  readonly deviations: Float32Array;
}

/** A head's first layer: weight [out, F] and bias [out]. */
export interface FirstLayer {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/**
 * σ² has (FLOOR · size)² added to it, where size is the root mean square of the features that stand together: int8 is off
 * by one percent of it, which must not be blown up.
 */
const FLOOR = 0.03;
/** A σ that is not above it is taken for 1: a weight times σ, which is stored, would be lost below float32's range. */
const SMALLEST = 1e-30;

/** `features` [texts, F]; `group` features stand together. */
export function featureScales(features: Float32Array, width: number, group: number): FeatureScales {
  const texts = features.length / width;
  const sums = new Float64Array(width);
  const squares = new Float64Array(width);
  for (let at = 0; at < features.length; at++) sums[at % width] += features[at];
  const means = Float32Array.from(sums, (sum) => sum / texts);
  for (let at = 0; at < features.length; at++) squares[at % width] += (features[at] - means[at % width]) ** 2;
  const deviations = new Float32Array(width);
  for (let from = 0; from < width; from += group) {
    let size = 0;
    for (let i = from; i < from + group; i++) size += squares[i] / texts + means[i] ** 2;
    const floor = (FLOOR ** 2 * size) / group;
    // features that are all zero stay so
    for (let i = from; i < from + group; i++) {
      const deviation = Math.sqrt(squares[i] / texts + floor);
      deviations[i] = deviation > SMALLEST ? deviation : 1;
    }
  }
  return { means, deviations };
}

/** Rows of `features`, scaled: [indices, F]. */
export function scaledRows(
  features: Float32Array,
  { means, deviations }: FeatureScales,
  indices: readonly number[],
): Float32Array {
  const width = means.length;
  const rows = new Float32Array(indices.length * width);
  indices.forEach((index, row) => {
    for (let i = 0; i < width; i++) {
      rows[row * width + i] = (features[index * width + i] - means[i]) / deviations[i];
    }
  });
  return rows;
}

/** The layer that makes of scaled features what `plain` makes of plain ones: Ŵ = W σ, b̂ = b + W μ. */
export function scaledLayer({ weight, bias }: FirstLayer, { means, deviations }: FeatureScales): FirstLayer {
  const width = means.length;
  const scaled = { weight: new Float32Array(weight.length), bias: new Float32Array(bias.length) };
  // row by row: five times as fast as with a remainder for each weight
  for (let out = 0; out < bias.length; out++) {
    let sum = 0;
    for (let i = 0, at = out * width; i < width; i++, at++) {
      scaled.weight[at] = weight[at] * deviations[i];
      sum += weight[at] * means[i];
    }
    scaled.bias[out] = bias[out] + sum;
  }
  return scaled;
}

/** The way back: W = Ŵ / σ, b = b̂ − W μ. */
export function plainLayer({ weight, bias }: FirstLayer, { means, deviations }: FeatureScales): FirstLayer {
  const width = means.length;
  const plain = { weight: new Float32Array(weight.length), bias: new Float32Array(bias.length) };
  for (let out = 0; out < bias.length; out++) {
    let sum = 0;
    for (let i = 0, at = out * width; i < width; i++, at++) {
      plain.weight[at] = weight[at] / deviations[i];
      sum += plain.weight[at] * means[i];
    }
    plain.bias[out] = bias[out] - sum;
  }
  return plain;
}
