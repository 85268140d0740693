/**
 * One table for the answer: for each problem type the loss, what a student head learns from the teacher, and the
 * activation that turns logits into scores. Serving tools often apply softmax to one label, or to labels that do not
 * exclude each other. To prevent that, only this file decides.
 */
import type { EncoderConfig } from '../encoder/index.ts';
import type { Graph, Value } from '../graph/index.ts';
import type { ProblemType } from '../problem-type.ts';
import { type Logits, softmax } from './logits.ts';

export interface Problem {
  /**
   * Mean loss of logits [B, C] against targets [B, C], texts weighted by `weights` [B]. `positives` [C]: where labels do not exclude
   * each other, the weight of texts that have a label against those that have it not; all are 1 where left out.
   */
  readonly loss: (g: Graph, logits: Value, targets: Value, weights: Value, positives?: Value) => Value;
  /** Mean divergence of a student's logits from the teacher's (which get no gradient), [B, C] both. */
  readonly distillation: (g: Graph, teacher: Value, student: Value) => Value;
  /** Scores of one text's logits. */
  readonly activation: (logits: Logits) => number[];
}

export const problems: { readonly [P in ProblemType]: Problem } = {
  single_label_classification: {
    // Σ w CE / Σ w, with CE = −Σ_c t_c log softmax(z)_c, as PyTorch's cross_entropy with class weights
    loss: (g, logits, targets, weights) => {
      const crossEntropy = g.neg(g.sum(g.mul(targets, g.op('LogSoftmax', [logits], { axis: -1 })), [1])); // [B]
      return g.div(g.sum(g.mul(weights, crossEntropy), [0]), g.sum(weights, [0]));
    },
    // KL(p_t ‖ p_s) = Σ p_t (log p_t − log p_s), batch mean (the paper's equation 1)
    distillation: (g, teacher, student) => {
      const logTeacher = g.op('LogSoftmax', [teacher], { axis: -1 }); // [B, C]
      const logStudent = g.op('LogSoftmax', [student], { axis: -1 }); // [B, C]
      return g.mean(g.sum(g.mul(g.exp(logTeacher), g.sub(logTeacher, logStudent)), [1]), [0]);
    },
    activation: softmax,
  },
  multi_label_classification: {
    // mean over labels and texts of softplus(z) − t z, as PyTorch's binary_cross_entropy_with_logits; with positive weights w
    // times 1 + (w − 1) t, which for t of 0 and 1 is its pos_weight
    loss: (g, logits, targets, weights, positives) => {
      const plain = g.sub(softplus(g, logits), g.mul(targets, logits)); // [B, C]
      const weighted = positives ? g.mul(plain, g.add(g.mul(targets, g.sub(positives, 1)), 1)) : plain;
      const perText = g.mean(weighted, [1]); // [B]
      return g.div(g.sum(g.mul(weights, perText), [0]), g.sum(weights, [0]));
    },
    // Σ_c KL of two coins: p (log p_t − log p_s) + (1 − p)(…), which is softplus(s) − softplus(t) − p_t (s − t)
    distillation: (g, teacher, student) => {
      const difference = g.sub(student, teacher);
      const coins = g.sub(g.sub(softplus(g, student), softplus(g, teacher)), g.mul(g.sigmoid(teacher), difference));
      return g.mean(g.sum(coins, [1]), [0]);
    },
    activation: (logits) => Array.from(logits, (z) => 1 / (1 + Math.exp(-z))),
  },
  regression: {
    loss: (g, logits, targets, weights) => {
      const perText = g.mean(square(g, g.sub(logits, targets)), [1]); // [B]
      return g.div(g.sum(g.mul(weights, perText), [0]), g.sum(weights, [0]));
    },
    distillation: (g, teacher, student) => g.mean(square(g, g.sub(student, teacher)), [0, 1]),
    activation: (logits) => Array.from(logits),
  },
};

/**
 * What a model's answers are, by the rule of transformers' pipeline: a regression gives its number; one label, whatever else
 * problem_type says, can only be likely or not, as each of several that do not exclude each other.
 */
export const problemTypeOf = ({ labels, problemType }: Pick<EncoderConfig, 'labels' | 'problemType'>): ProblemType =>
  labels.length === 1 && problemType === 'single_label_classification' ? 'multi_label_classification' : problemType;

const square = (g: Graph, x: Value): Value => g.mul(x, x);

/** log(1 + eᶻ) = (z + |z|)/2 + log(1 + e^−|z|): no overflow at either end, and at z = 0 the derivative is 1/2 as it should be. */
function softplus(g: Graph, z: Value): Value {
  const size = g.abs(z);
  const positive = g.mul(g.add(z, size), 0.5);
  return g.add(positive, g.op('Log', [g.add(g.exp(g.neg(size)), 1)], {}));
}
