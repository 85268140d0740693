/** The epochs of a run as curves: loss, and the figure that its validation rows are judged by. */
import type { TrainingCurve } from '../../report/index.ts';
import type { TrainEvent } from '../events.ts';

/** One curve a stage; epochs are counted on from stage to stage. */
export function trainingCurves(
  history: readonly Extract<TrainEvent, { kind: 'epoch' }>[],
  of: Pick<TrainingCurve, 'task' | 'method'>,
): TrainingCurve[] {
  const stages: { stage: string; points: TrainingCurve['points'][number][] }[] = [];
  for (const [i, { stage, loss, validation }] of history.entries()) {
    // a stage may come twice, with another between
    if (stages.at(-1)?.stage !== stage) stages.push({ stage, points: [] });
    const { accuracy = null, microF1, r2 } = validation ?? {};
    const right = { accuracy, ...(microF1 !== undefined && { microF1 }), ...(r2 !== undefined && { r2 }) };
    stages.at(-1)!.points.push({ epoch: i + 1, loss, ...right });
  }
  return stages.map((curve) => ({ ...of, ...curve }));
}
