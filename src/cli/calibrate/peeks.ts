/** The plan of peeks of `calibrate`: what heads and layers cost on this machine, and what follows from it. */
import type { TextInput } from '../../engine/index.ts';
import { type PeekPlan, planPeeks } from '../../evaluate/plan-peeks.ts';
import type { Trace } from '../../evaluate/trace.ts';
import type { Call } from '../command.ts';
import type { CalibrateOptions } from './calibrate-options.ts';

/** The plan for texts like those of `trace`, made with all heads asked, at `tau`. */
export async function planFor(
  { options: { model }, io, services }: Pick<Call<CalibrateOptions>, 'options' | 'io' | 'services'>,
  trace: Trace,
  texts: readonly TextInput[],
  tau: number,
): Promise<PeekPlan> {
  io.stderr.write('measuring how long heads and layers take on this machine\n');
  return planPeeks(trace, await services.measurePeeks(model, texts, tau, trace.dtype ?? 'fp32'), tau);
}

/**
 * Heads to ask from now on: those of the plan; all of them, as the rows were run, where a plan was wanted and none made;
 * undefined: as before.
 */
export const askedBy = (
  plan: PeekPlan | null,
  wanted: boolean,
  { shape: { layers } }: Trace,
): readonly boolean[] | undefined =>
  plan?.asked ?? (wanted ? new Array<boolean>(Math.max(0, layers - 1)).fill(true) : undefined);

export function planSentence({ asked, cost, costOfAll }: PeekPlan): string {
  const layers = asked.flatMap((is, i) => (is ? [i + 1] : []));
  const which =
    layers.length === 0 ? 'of no layer' : `of ${layers.length === 1 ? 'layer' : 'layers'} ${layers.join(', ')}`;
  return `asks the exit heads ${which}: ${cost.toFixed(3)} ms per text on one worker of this machine, ${costOfAll.toFixed(3)} ms with all ${asked.length} heads\n`;
}
