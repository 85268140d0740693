/** The trace of a network in training over a set of texts: what every tau is judged from (src/evaluate). */
import type { Trace } from '../../evaluate/index.ts';
import type { TargetRule } from '../../pyramid/exits/answer-rule.ts';
import { shapeOf } from '../../pyramid/shape.ts';
import type { Compile } from '../../runtime/runtime.ts';
import type { EncodedSet } from '../batch.ts';
import type { ModelState } from '../state.ts';
import { Tracer } from './tracer.ts';

/** One pass with exits off. */
export async function networkTrace(
  state: ModelState,
  set: EncodedSet,
  {
    prunes,
    pairs,
    compile,
    answers,
  }: { readonly prunes: boolean; readonly pairs: boolean; readonly compile: Compile; readonly answers?: TargetRule },
): Promise<Trace> {
  const { config, headSettings } = state;
  const tracer = await Tracer.create(state, prunes ? 'hard' : 'none', compile);
  try {
    const traced = await tracer.trace(set);
    return {
      shape: shapeOf(config),
      labels: config.labels,
      headKind: headSettings.kind,
      pairs,
      ...(answers && { answers }),
      entries: traced.map(({ tokens, logits }, i) => ({
        label: set.labels[i],
        ...(set.targets && { target: set.targets[i] }),
        length: set.lengths[i],
        tokens,
        ...(set.unknown && { unknown: set.unknown[i] }),
        logits,
      })),
    };
  } finally {
    await tracer.close();
  }
}
