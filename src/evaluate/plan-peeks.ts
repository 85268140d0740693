/**
 * Which exit heads to ask. Asking a head costs time for every text that reaches it, and saves the later layers for those
 * that exit. A head that few texts exit by costs more than it saves. Knows costs and a trace; measures nothing.
 */
import { PyramidError } from '../errors.ts';
import { leaves } from '../pyramid/exits/exit-rule.ts';
import { exitOf } from '../pyramid/exits/exits.ts';
import { outcomes } from './outcomes.ts';
import type { Trace } from './trace.ts';

/** Of one text, in any one unit (milliseconds, FLOPs). */
export interface PeekCosts {
  /** Asking floor 0, which every text pays; left out where there is none, or it was not measured. */
  readonly floor?: number;
  /** [L−1]: asking the head of layer l, the peek included. */
  readonly ask: readonly number[];
  /** [L]: running layer l; of the last, what its answer costs. */
  readonly run: readonly number[];
}

/** Which exit heads are asked, and what that costs. */
export interface PeekPlan {
  /** [L−1], as a model folder keeps it. */
  readonly asked: readonly boolean[];
  /** Mean cost of a text by this plan, and with every head asked. */
  readonly cost: number;
  /** Mean cost of a text with every head asked. */
  readonly costOfAll: number;
}

/**
 * The plan for texts like the trace's at `tau`: from all heads of the trace, the one without which texts cost least is
 * left out, until leaving out another saves nothing. A text that could have left at a layer that is not asked leaves
 * at the next that is and is sure enough, so answers change, mostly for the better: judge them with a new trace.
 */
export function planPeeks(trace: Trace, costs: PeekCosts, tau: number): PeekPlan {
  const last = trace.shape.layers;
  if (trace.answers?.problemType === 'regression')
    throw new PyramidError('MP_USAGE', {
      what: 'which exit heads to ask cannot be planned where the answer is a number: each is compared with the one asked before it',
      todo: 'leave --plan-peeks out',
    });
  if (costs.ask.length !== last - 1 || costs.run.length !== last)
    throw new Error(`internal: costs of ${costs.ask.length} heads and ${costs.run.length} layers for ${last} layers`);
  const all = outcomes(trace);
  if (all.length === 0) throw new Error('internal: a plan needs a trace with texts');
  // texts that leave at floor 0 meet no head, whatever the plan
  const inside = all.filter(({ floorUncertainty: u }) => u === null || !leaves(u, tau));
  const sure = inside.map(({ uncertainty }) => uncertainty.slice(0, -1).map((u) => u !== null && leaves(u, tau))); // [n][L−1]
  const isAfter = exitOf(trace.headKind)?.asked === 'after';
  const mean = (asked: readonly boolean[]) =>
    (costs.floor ?? 0) + sure.reduce((sum, row) => sum + costOf(row, asked, costs, isAfter), 0) / all.length;

  let asked = costs.ask.map((_, i) => all[0].uncertainty[i] !== null); // layers that the trace has a head of
  const costOfAll = mean(asked);
  let cost = costOfAll;
  for (;;) {
    const fewer = asked
      .flatMap((is, layer) => (is ? [asked.with(layer, false)] : []))
      .map((plan) => ({ plan, cost: mean(plan) }));
    const best = fewer.reduce<(typeof fewer)[number] | null>((a, b) => (a && a.cost <= b.cost ? a : b), null);
    if (!best || best.cost >= cost) return { asked, cost, costOfAll };
    ({ plan: asked, cost } = best);
  }
}

/** The trace as it is with this plan: no logits of heads that are not asked. */
export const withAsked = (trace: Trace, asked: readonly boolean[]): Trace => ({
  ...trace,
  entries: trace.entries.map((entry) => ({
    ...entry,
    logits: entry.logits.map((row, i) => (asked[i] === false ? [] : row)),
  })),
});

/**
 * A text leaves at the first asked head that is sure, before its layer is run (or after it, where the exit reads what the layer leaves);
 * else the last layer answers.
 */
function costOf(
  sure: readonly boolean[],
  asked: readonly boolean[],
  { ask, run }: PeekCosts,
  isAfter: boolean,
): number {
  let cost = 0;
  for (let layer = 0; layer < sure.length; layer++) {
    if (asked[layer]) {
      cost += ask[layer];
      if (sure[layer]) return isAfter ? cost + run[layer] : cost;
    }
    cost += run[layer];
  }
  return cost + run[sure.length];
}
