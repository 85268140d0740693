/** `calibrate` with rows that trained and chose nothing: a tau with a certificate, or full depth and how many rows it would take. */
import { type CertificateFacts, certify, chooseCautiously, dropByGroup, leastRisk } from '../../certify/index.ts';
import { PyramidError } from '../../errors.ts';
import { judge } from '../../evaluate/judge.ts';
import { type PeekPlan, withAsked } from '../../evaluate/plan-peeks.ts';
import { qualityOf } from '../../evaluate/quality.ts';
import type { Trace } from '../../evaluate/trace.ts';
import { mostAccurate, tradeoff } from '../../evaluate/tradeoff.ts';
import { targetAnswered } from '../../pyramid/exits/answer-rule.ts';
import { exitLogits, temperatureAt, tempered } from '../../pyramid/exits/sum.ts';
import { argmax } from '../../pyramid/logits.ts';
import type { Dataset } from '../../text/example.ts';
import type { Call } from '../command.ts';
import type { CalibrateOptions } from './calibrate-options.ts';
import { certifyingRows, choiceRows } from './calibration-rows.ts';
import { certifiedSentence, groupTable } from './certified-words.ts';
import { calibrationOf, tooFast, withCurve } from './choose.ts';
import { askedBy, planFor, planSentence } from './peeks.ts';

/** Throws MP_CALIBRATION for a speed-up that no tau reaches, MP_USAGE, and as reading, running and writing do. */
export async function certifyTau(call: Call<CalibrateOptions>): Promise<void> {
  const { options, services, io } = call;
  const { model, json, confidence, seed } = options;
  // what is frozen comes first: the rows that certify must not have a say in it
  const before = options.planPeeks ? await planBefore(call) : null;
  const plan = before?.plan ?? null;
  const rows = await certifyingRows(call, before?.rows ?? null);
  const trace = plan === null ? rows.trace : withAsked(rows.trace, plan.asked);
  const answers = options.reference === null ? null : await services.answers(options.reference, model, rows.given);
  const reference = answers === null ? undefined : (rows.kept?.map((i) => answers[i]) ?? answers);
  const { certificate, rowsNeeded } = certified(trace, options, reference);
  const { tau } = certificate;
  const dtype = trace.dtype ?? 'fp32';
  const planned = plan && { plan: { msPerText: plan.cost, msPerTextAllHeads: plan.costOfAll } };
  const calibration = rows.labelled
    ? { ...calibrationOf(trace, judge(trace, tau), qualityOf(judge(trace, null)), options), ...planned }
    : null;
  const asked = askedBy(plan, options.planPeeks, trace);
  const kept = calibration && { calibration: withCurve(calibration, trace) };
  await services.writeTau(model, { tau, dtype, certificate, ...kept, asked });
  const how = { ...(confidence !== null && { confidence }), seed, reference };
  const groups = rows.labelled
    ? dropByGroup(trace, tau, how)
    : dropByGroup(withFullAnswers(trace, reference), tau, how).filter(({ by }) => by !== 'label');
  const about = { model, tau, tauFrom: 'certified', certificate, rowsNeeded };
  io.stdout.write(
    json
      ? `${JSON.stringify({ ...about, ...(calibration ?? { dtype, ...planned }), ...(asked && { asked }), groups })}\n`
      : certifiedSentence(model, certificate, rowsNeeded, calibration) +
          (plan === null ? '' : planSentence(plan)) +
          groupTable(groups, rows.labelled),
  );
}

function certified(
  trace: Trace,
  { maxDrop, minSpeedup, by, risk, confidence, seed }: CalibrateOptions,
  reference: readonly number[] | undefined,
): { readonly certificate: CertificateFacts; readonly rowsNeeded: number | null } {
  const how = { risk: risk ?? 'net-drop', confidence: confidence ?? 0.95, seed, ...(reference && { reference }) };
  if (minSpeedup === null) return certify(trace, { ...how, maxRisk: maxDrop! });
  const least = leastRisk(trace, { ...how, minSpeedup, by });
  if (least === null) throw tooFast(tradeoff(trace), minSpeedup, by);
  // where gains are certain the bound is below 0, and what is promised is that nothing is lost
  const { certificate } = least;
  return { certificate: { ...certificate, maxRisk: Math.max(0, certificate.maxRisk) }, rowsNeeded: null };
}

/** With the full answer for the label: what is lost against it is what is answered otherwise. */
const withFullAnswers = (trace: Trace, reference: readonly number[] | undefined): Trace => ({
  ...trace,
  entries: trace.entries.map((entry, i) => {
    const { layers } = exitLogits(entry.logits, entry.floor ?? null, trace.floor ?? null);
    const last = layers.at(-1)!;
    const { answers, temperatures, shape } = trace;
    if (answers)
      return { ...entry, target: targetAnswered(answers, tempered(last, temperatureAt(temperatures, shape.layers))) };
    return { ...entry, label: reference?.[i] ?? argmax(last) };
  }),
});

/** The plan of peeks from validation rows, at the tau that would be chosen on them; null where none exits early. */
async function planBefore(
  call: Call<CalibrateOptions>,
): Promise<{ readonly plan: PeekPlan | null; readonly rows: Dataset | null }> {
  const { maxDrop, minSpeedup, by, trace: given } = call.options;
  if (given !== null)
    throw new PyramidError('MP_USAGE', {
      what: 'both --trace and --plan-peeks were given',
      todo: 'leave --trace out: a plan has to run the model to measure it',
    });
  const { trace, rows, texts } = await choiceRows(call);
  const point =
    minSpeedup === null
      ? chooseCautiously(trace, { maxDrop: maxDrop!, by })
      : (mostAccurate(tradeoff(trace), minSpeedup, by) ?? { tau: null });
  return { plan: point.tau === null ? null : await planFor(call, trace, texts, point.tau), rows };
}
