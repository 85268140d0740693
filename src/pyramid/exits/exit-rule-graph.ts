/**
 * The exit rule of exit-rule.ts as part of a graph, for files that other runtimes run: the same of rows of logits,
 * in float32. Nothing else writes a comparison with tau into a graph.
 */
import type { Graph, Value } from '../../graph/index.ts';
import type { AnswerRule } from './answer-rule.ts';

/**
 * [B] bool: whether each text leaves at an exit, u ≤ tau. null: nothing can leave there, as `uncertaintyOf` gives null.
 * @param logits [B, C] that the exit answers by
 * @param before [B, C] of the exit asked before it; null where there is none
 * @param tau a float32 scalar; below 0: off
 */
export function leaveInGraph(
  g: Graph,
  rule: AnswerRule,
  logits: Value,
  before: Value | null,
  tau: Value,
): Value | null {
  return g.scope('exit-rule', () => {
    const u = uncertaintyInGraph(g, rule, logits, before); // [B]
    return u && g.op('LessOrEqual', [u, tau], {});
  });
}

function uncertaintyInGraph(g: Graph, rule: AnswerRule, logits: Value, before: Value | null): Value | null {
  const atMost1 = (u: Value) => g.where(g.op('Less', [u, g.scalar(1)], {}), u, 1);
  const most = (x: Value, keepDims = false) => g.op('ReduceMax', [x], { axes: [1], keepDims });
  switch (rule.problemType) {
    case 'single_label_classification': {
      // −Σ p log p, with p = exp(log p): an underflowed p gives 0
      const logs = g.op('LogSoftmax', [logits], { axis: -1 }); // [B, C]
      const negative = g.sum(g.mul(g.exp(logs), logs), [1]); // [B]
      return atMost1(g.div(negative, -Math.log(logits.shape[1] as number)));
    }
    case 'multi_label_classification': {
      const least = g.neg(most(g.neg(g.abs(logits)))); // [B]
      const tail = g.exp(g.neg(least)); // [B]
      const whole = g.add(tail, 1); // [B]
      const entropy = g.add(g.op('Log', [whole], {}), g.div(g.mul(least, tail), whole)); // [B]
      return atMost1(g.div(entropy, Math.LN2));
    }
    case 'regression':
      if (before === null || rule.spread === null) return null;
      return atMost1(g.div(most(g.abs(g.sub(logits, before))), rule.spread)); // [B]
    default:
      return rule satisfies never;
  }
}
