/**
 * Logistic regression with L2 over a sparse matrix, its value and gradient:
 *   f(W, b) = (1/R) Σ_i r_i · CE(t_i, softmax(W x_i + b)) + ‖W‖² / (2 · strength · R), R = Σ r_i, bias unpenalised;
 * the same minimum as scikit-learn's sum of losses times C plus ½‖W‖². With two labels one vector: s = w · x + b is the
 * log-odds of the second label. Where a row may have any number of labels CE is a sum over them of
 *   −w_c t_c log σ(z_c) − (1 − t_c) log(1 − σ(z_c)), one regression a label on the same features, and r_i = 1.
 */
import { outputsFor } from '../../pyramid/floor/index.ts';
import type { FloorTargets } from './floor-rows.ts';
import type { Matrix } from './matrix.ts';

/** Targets with class weights applied: each row has shares that sum to 1, and a weight. */
export interface WeightedTargets {
  readonly labelCount: number;
  /** [n]: the label, or −1. */
  readonly labels: Int32Array;
  /** [n]: where a row's shares begin in `shares`, if it has no label. */
  readonly at: Int32Array;
  readonly shares: Float64Array;
  /** [n] */
  readonly weights: Float64Array;
  /** [C]: w_c, where a row may have any number of labels; null where it has one. */
  readonly positives: Float64Array | null;
  /** Where `positives` is there: how many rows, the first ones, a person has labelled. */
  readonly labelled: number;
}

/** A soft row is Σ p_c rows of label c, each with that label's weight: weight Σ w_c p_c, shares w_c p_c / Σ. */
export function weightedTargets(
  { labels, scores, several }: FloorTargets,
  labelCount: number,
  classWeights: ArrayLike<number> | null,
): WeightedTargets {
  const weightOf = (label: number) => classWeights?.[label] ?? 1;
  if (several !== undefined)
    return {
      labelCount,
      labels,
      at: labels.map((_, i) => i * labelCount),
      shares: Float64Array.from(scores ?? []),
      weights: new Float64Array(labels.length).fill(1),
      positives: Float64Array.from({ length: labelCount }, (_, c) => weightOf(c)),
      labelled: several,
    };
  const at = new Int32Array(labels.length);
  const shares = Float64Array.from(scores ?? []);
  const weights = new Float64Array(labels.length);
  let next = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] >= 0) {
      weights[i] = weightOf(labels[i]);
      continue;
    }
    at[i] = next;
    let total = 0;
    for (let c = 0; c < labelCount; c++) total += shares[next + c] *= weightOf(c);
    for (let c = 0; c < labelCount; c++) shares[next + c] /= total;
    weights[i] = total;
    next += labelCount;
  }
  return { labelCount, labels, at, shares, weights, positives: null, labelled: 0 };
}

/** The share of `label` in row `i`'s target. */
export const shareOf = ({ labels, at, shares }: WeightedTargets, i: number, label: number): number =>
  labels[i] >= 0 ? (labels[i] === label ? 1 : 0) : shares[at[i] + label];

/** Parameters as one vector: [columns, K], then the bias [K]. */
export const parameterCount = (columns: number, labels: number, several = false): number =>
  (columns + 1) * outputsFor(labels, several);

/** The same of targets. */
export const parametersFor = (columns: number, { labelCount, positives }: WeightedTargets): number =>
  parameterCount(columns, labelCount, positives !== null);

export class Logistic {
  readonly #matrix: Matrix;
  readonly #targets: WeightedTargets;
  readonly #rows: Int32Array;
  readonly #total: number;
  readonly #outputs: number;
  readonly #residual: Float64Array;
  /** Of the penalty: 1 / (strength · R). */
  readonly #decay: number;

  /** @param rows which of the matrix's rows are learned from */
  constructor(matrix: Matrix, targets: WeightedTargets, rows: Int32Array, strength: number) {
    this.#matrix = matrix;
    this.#targets = targets;
    this.#rows = rows;
    this.#outputs = outputsFor(targets.labelCount, targets.positives !== null);
    this.#residual = new Float64Array(this.#outputs);
    this.#total = rows.reduce((sum, i) => sum + targets.weights[i], 0);
    this.#decay = 1 / (strength * this.#total);
  }

  /** f at `parameters`; its gradient is written into `gradient`. */
  evaluate(parameters: Float32Array, gradient: Float32Array): number {
    const matrix = this.#matrix;
    const { starts, indices, values, columns } = matrix;
    const outputs = this.#outputs;
    const bias = columns * outputs;
    const residual = this.#residual;
    const targets = this.#targets;
    gradient.fill(0);
    let loss = 0;
    const rows = this.#rows;
    for (let r = 0; r < rows.length; r++) {
      const i = rows[r];
      const from = starts[i];
      const to = starts[i + 1];
      if (outputs === 1) {
        let s = parameters[bias];
        for (let j = from; j < to; j++) s += values[j] * parameters[indices[j]];
        residual[0] = s;
        loss += residualsOf(residual, targets, i);
        const error = residual[0];
        for (let j = from; j < to; j++) gradient[indices[j]] += values[j] * error;
        gradient[bias] += error;
        continue;
      }
      forward(matrix, i, parameters, residual);
      loss += residualsOf(residual, targets, i);
      backward(matrix, i, residual, gradient);
    }
    const scale = 1 / this.#total;
    const decay = this.#decay;
    let squares = 0;
    for (let j = 0; j < bias; j++) {
      const w = parameters[j];
      gradient[j] = gradient[j] * scale + decay * w;
      squares += w * w;
    }
    for (let j = bias; j < gradient.length; j++) gradient[j] *= scale;
    return loss * scale + (decay * squares) / 2;
  }

  /**
   * The diagonal of the Hessian where all scores are alike: columns differ in frequency by thousands, and a step that
   * knows that needs fewer iterations.
   */
  curvature(): Float32Array {
    const { starts, indices, values, columns } = this.#matrix;
    const outputs = this.#outputs;
    const { labelCount, weights, positives } = this.#targets;
    const share = positives ? 1 / 2 : 1 / labelCount;
    const spread = (share * (1 - share)) / this.#total;
    const squares = new Float64Array(columns);
    for (const i of this.#rows)
      for (let j = starts[i]; j < starts[i + 1]; j++) squares[indices[j]] += weights[i] * values[j] * values[j];
    const diagonal = new Float32Array(parametersFor(columns, this.#targets)).fill(spread * this.#total);
    for (let c = 0; c < columns; c++)
      for (let k = 0; k < outputs; k++) diagonal[c * outputs + k] = squares[c] * spread + this.#decay;
    return diagonal;
  }
}

/**
 * r_i · CE of row `i`, whose K logits stand in `z`; r_i times its gradient, softmax − shares, stands there afterwards.
 * With K = 1: ln(1 + e^s) − t s, t the share of the second label, and σ(s) − t.
 */
export function residualsOf(z: Float64Array, targets: WeightedTargets, i: number): number {
  const { labels, at, shares, weights, positives } = targets;
  const outputs = z.length;
  if (positives) return severalResiduals(z, shares, at[i], positives);
  const weight = weights[i];
  const label = labels[i];
  if (outputs === 1) {
    const s = z[0];
    const share = shareOf(targets, i, 1);
    const tail = Math.exp(-Math.abs(s));
    z[0] = weight * ((s >= 0 ? 1 : tail) / (1 + tail) - share);
    return weight * (Math.log1p(tail) + Math.max(s, 0) - share * s);
  }
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < outputs; k++) if (z[k] > largest) largest = z[k];
  let right = 0; // Σ t_k (z_k − max z)
  if (label >= 0) right = z[label] - largest;
  else for (let k = 0; k < outputs; k++) right += shares[at[i] + k] * (z[k] - largest);
  let total = 0;
  for (let k = 0; k < outputs; k++) {
    z[k] = Math.exp(z[k] - largest);
    total += z[k];
  }
  const scale = weight / total;
  for (let k = 0; k < outputs; k++) z[k] *= scale;
  if (label >= 0) z[label] -= weight;
  else for (let k = 0; k < outputs; k++) z[k] -= weight * shares[at[i] + k];
  return weight * (Math.log(total) - right);
}

/** Of a row with any number of labels: σ(z_c) (w_c t_c + 1 − t_c) − w_c t_c in the place of z_c. */
function severalResiduals(z: Float64Array, shares: Float64Array, at: number, positives: Float64Array): number {
  let loss = 0;
  for (let c = 0; c < z.length; c++) {
    const value = z[c];
    const tail = Math.exp(-Math.abs(value));
    const sum = Math.log1p(tail);
    const positive = positives[c] * shares[at + c];
    const negative = 1 - shares[at + c];
    loss += positive * (sum + Math.max(-value, 0)) + negative * (sum + Math.max(value, 0));
    z[c] = ((value >= 0 ? 1 : tail) / (1 + tail)) * (positive + negative) - positive;
  }
  return loss;
}

/** z = W x + b of a row, four outputs at a time, so that their sums stay in registers. */
function forward({ starts, indices, values, columns }: Matrix, row: number, parameters: Float32Array, z: Float64Array) {
  const outputs = z.length;
  const from = starts[row];
  const to = starts[row + 1];
  const bias = columns * outputs;
  let k = 0;
  for (; k + 4 <= outputs; k += 4) {
    let a = parameters[bias + k];
    let b = parameters[bias + k + 1];
    let c = parameters[bias + k + 2];
    let d = parameters[bias + k + 3];
    for (let j = from; j < to; j++) {
      const at = indices[j] * outputs + k;
      const value = values[j];
      a += value * parameters[at];
      b += value * parameters[at + 1];
      c += value * parameters[at + 2];
      d += value * parameters[at + 3];
    }
    z[k] = a;
    z[k + 1] = b;
    z[k + 2] = c;
    z[k + 3] = d;
  }
  for (; k < outputs; k++) {
    let sum = parameters[bias + k];
    for (let j = from; j < to; j++) sum += values[j] * parameters[indices[j] * outputs + k];
    z[k] = sum;
  }
}

/** gradient += residual ⊗ x, of a row. */
function backward({ starts, indices, values, columns }: Matrix, row: number, z: Float64Array, gradient: Float32Array) {
  const outputs = z.length;
  const from = starts[row];
  const to = starts[row + 1];
  const bias = columns * outputs;
  let k = 0;
  for (; k + 4 <= outputs; k += 4) {
    const a = z[k];
    const b = z[k + 1];
    const c = z[k + 2];
    const d = z[k + 3];
    for (let j = from; j < to; j++) {
      const at = indices[j] * outputs + k;
      const value = values[j];
      gradient[at] += value * a;
      gradient[at + 1] += value * b;
      gradient[at + 2] += value * c;
      gradient[at + 3] += value * d;
    }
  }
  for (; k < outputs; k++) for (let j = from; j < to; j++) gradient[indices[j] * outputs + k] += values[j] * z[k];
  for (let k = 0; k < outputs; k++) gradient[bias + k] += z[k];
}

/** z [rows.length, C] of some rows. */
export function logitsOf(
  matrix: Matrix,
  parameters: Float32Array,
  labels: number,
  rows: Int32Array,
  several = false,
): Float64Array {
  const outputs = outputsFor(labels, several);
  const z = new Float64Array(rows.length * labels);
  const sums = new Float64Array(outputs);
  for (const [r, i] of rows.entries()) {
    forward(matrix, i, parameters, sums);
    if (outputs < labels) {
      z[2 * r] = -sums[0] / 2;
      z[2 * r + 1] = sums[0] / 2;
    } else z.set(sums, r * labels);
  }
  return z;
}
