/** `calibrate` without rows for a certificate: the best tau of a curve, named as chosen. */
import { PyramidError } from '../../errors.ts';
import { judge, type Summary } from '../../evaluate/judge.ts';
import { withAsked } from '../../evaluate/plan-peeks.ts';
import { qualityName, qualityOf } from '../../evaluate/quality.ts';
import type { Trace } from '../../evaluate/trace.ts';
import { cheapest, mostAccurate, tradeoff } from '../../evaluate/tradeoff.ts';
import type { Calibration } from '../../pyramid/folder/dial.ts';
import { tauInWords } from '../../pyramid/folder/tau-words.ts';
import { operations } from '../../report/format.ts';
import type { Call } from '../command.ts';
import { thousands } from '../output/format.ts';
import type { CalibrateOptions } from './calibrate-options.ts';
import { choiceRows } from './calibration-rows.ts';
import { qualityInWords } from './certified-words.ts';
import { askedBy, planFor, planSentence } from './peeks.ts';

/** Throws MP_CALIBRATION for a speed-up that no tau reaches, MP_USAGE, and as reading, running and writing do. */
export async function chooseTau(call: Call<CalibrateOptions>): Promise<void> {
  const { model, maxDrop, minSpeedup, by, json, planPeeks: plans } = call.options;
  const { trace, texts } = await choiceRows(call);
  const baseline = qualityOf(judge(trace, null));
  const choose = (judged: Trace): Summary =>
    minSpeedup === null ? cheapest(tradeoff(judged), baseline - maxDrop!, by) : fastEnough(judged, minSpeedup, by);
  const first = choose(trace);
  const plan = plans && first.tau !== null ? await planFor(call, trace, texts, first.tau) : null;
  // a text that its layer's head is not asked for leaves later and surer, so the dial may go further
  const judged = plan === null ? trace : withAsked(trace, plan.asked);
  const point = plan === null ? first : choose(judged);
  const calibration: Calibration = {
    ...calibrationOf(judged, point, baseline, call.options),
    ...(plan && { plan: { msPerText: plan.cost, msPerTextAllHeads: plan.costOfAll } }),
  };
  const { tau } = point;
  const { dtype } = calibration;
  const asked = askedBy(plan, plans, trace);
  await call.services.writeTau(model, { tau, dtype, calibration: withCurve(calibration, judged), asked });
  call.io.stdout.write(
    json
      ? `${JSON.stringify({ model, tau, tauFrom: 'chosen', ...calibration, ...(asked && { asked }) })}\n`
      : sentence(model, point, calibration) + (plan === null ? '' : planSentence(plan)),
  );
}

/** What the folder and `--json` have of a choice, without the curve. `baseline`: accuracy without exits. */
export const calibrationOf = (
  { dtype }: Trace,
  summary: Summary,
  baseline: number,
  { maxDrop, minSpeedup, by }: CalibrateOptions,
): Calibration => ({
  dtype: dtype ?? 'fp32',
  rows: summary.n,
  target: minSpeedup === null ? { maxDrop: maxDrop! } : { speedup: minSpeedup },
  by,
  baseline,
  accuracy: qualityOf(summary),
  ...figureOf(summary),
  speedupPaper: summary.speedup.paper,
  speedupActual: summary.speedup.actual,
});

/** Which figure `accuracy` is, where that is not accuracy. */
const figureOf = (summary: Summary): Pick<Calibration, 'figure'> => {
  const figure = qualityName(summary);
  return figure === 'accuracy' ? {} : { figure };
};

/** With [tau, accuracy] on the rows of the trace, for those who turn the dial later. */
export const withCurve = (calibration: Calibration, trace: Trace): Calibration => ({
  ...calibration,
  curve: tradeoff(trace).flatMap((point) => (point.tau === null ? [] : [[point.tau, qualityOf(point)] as const])),
});

/** Throws MP_CALIBRATION. */
function fastEnough(trace: Trace, speedup: number, by: 'actual' | 'paper'): Summary {
  const curve = tradeoff(trace);
  const point = mostAccurate(curve, speedup, by);
  if (point === null) throw tooFast(curve, speedup, by);
  return point;
}

/** No point of the curve is so fast. */
export const tooFast = (curve: readonly Summary[], speedup: number, by: 'actual' | 'paper'): PyramidError =>
  new PyramidError('MP_CALIBRATION', {
    speedup,
    most: Math.max(...curve.map((other) => other.speedup[by] ?? Number.POSITIVE_INFINITY)),
  });

const sentence = (model: string, { n, tau, speedup }: Summary, calibration: Calibration): string => {
  const chosen = `${model}: ${tauInWords({ tau, tauFrom: 'chosen' })}, for ${calibration.dtype}; on the ${thousands(n)} rows that it was chosen on ${qualityInWords(calibration)}, ${operations(speedup)}. New texts may lose more`;
  return calibration.figure === 'r2'
    ? `${chosen}; numbers are neither right nor wrong, and no rows can certify it\n`
    : `${chosen}: --calibration with rows that trained and chose nothing certifies it\n`;
};
