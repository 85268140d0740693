/**
 * `calibrate` with few labels: writes the texts worth labelling, those on which an early and the full answer differ, and certifies
 * with them once a person has labelled them.
 */
import { type CertificateFacts, type Certified, certifyFewLabels, textsWorthLabelling } from '../../certify/index.ts';
import { PyramidError } from '../../errors.ts';
import type { Trace } from '../../evaluate/trace.ts';
import { amountOf } from '../../pyramid/folder/tau-words.ts';
import type { Call } from '../command.ts';
import { flagOf } from '../command.ts';
import { needDelimited } from '../options/labelled-rows.ts';
import { counter } from '../output/counter.ts';
import { percent, thousands } from '../output/format.ts';
import { showDownloads } from '../output/progress.ts';
import type { CalibrateOptions } from './calibrate-options.ts';
import { withoutLabels } from './calibration-rows.ts';
import { certifiedSentence } from './certified-words.ts';
import { type LabelTask, labelsById, needNoLabelFile, readLabelTask, writeLabelFiles } from './label-files.ts';

/** Labels that a person gives in an hour or two. */
const BUDGET = 200;

const usage = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });

/** Throws MP_USAGE, and as reading, running and writing do. */
export async function writeTextsToLabel(call: Call<CalibrateOptions>): Promise<void> {
  const { options, io, services } = call;
  const { model, out, risk, maxDrop, confidence, labelBudget, seed, dtype, json } = options;
  const { unlabelled, text, pair, delimiter } = options;
  if (out === null) throw usage(`${flagOf('out')} is missing`, 'give the csv file to write the texts to');
  if (!/\.csv$/i.test(out)) throw usage(`${flagOf('out')} is ${out}`, 'give a name that ends in .csv');
  needNoLabelFile(out);
  if (risk === 'disagreement')
    throw usage('disagreement needs no labels', `give the texts as ${flagOf('calibration')} rows instead`);
  const first = unlabelled.find((file) => /\.[ct]sv(\.gz)?$/i.test(file)) ?? unlabelled[0];
  needDelimited(delimiter, first);
  const { texts, rows } = await showDownloads(io.stderr, async (onEvent) => {
    const texts = await services.unlabelledTexts({ files: unlabelled, text, pair, delimiter }, model, onEvent);
    const { config } = await services.outline(model);
    const rows = withoutLabels(unlabelled.join(', '), config, texts);
    return { texts, rows: await services.freshRows(model, rows, onEvent) };
  });
  const progress = counter(io.stderr, 'texts');
  const { trace } = await services.trace(model, rows, { dtype }, (share) => progress.at(share * texts.length));
  const asked = { risk: risk ?? 'net-drop', maxRisk: maxDrop!, confidence: confidence ?? 0.95 } as const;
  const how = { ...asked, budget: labelBudget ?? BUDGET, seed };
  const plan = textsWorthLabelling(trace, how);
  const n = trace.entries.length;
  if (plan.end === null)
    throw usage(
      `even the slowest early exit is answered otherwise too often for ${how.budget} labels and ${n} texts to certify ${amountOf(how.risk)(how.maxRisk)}`,
      `give more texts, a larger ${flagOf('labelBudget')} or a larger ${flagOf('maxDrop')}`,
    );
  if (plan.texts.length === 0) return keep(call, trace, certifyFewLabels(trace, new Map(), how));
  const settings = await services.settings(model, trace.dtype ?? 'fp32');
  const task: LabelTask = { format: 1, ...how, settings, texts: n, ids: plan.texts.map((i) => i + 1) };
  await writeLabelFiles(
    out,
    task,
    trace,
    rows.examples.map(({ label: _, ...one }) => one),
  );
  const { estimate, upper } = plan.differing;
  io.stdout.write(
    json
      ? `${JSON.stringify({ model, out, toLabel: task.ids.length, texts: n, end: plan.end, differing: plan.differing })}\n`
      : `${out}: ${thousands(task.ids.length)} texts to label. Of ${thousands(n)} texts ${percent(estimate)} (at most ${percent(upper)}) are answered otherwise somewhere up to tau ${plan.end} than at the end; only they can lose accuracy. Fill in the column label and give the file to ${flagOf('labels')}; keep ${out}.json and ${out}.trace.jsonl beside it\n`,
  );
}

/** Throws MP_DATA_* for a label that is missing or unknown, MP_USAGE for a model that has changed, and as reading and writing do. */
export async function certifyWithLabels(call: Call<CalibrateOptions>): Promise<void> {
  const { model, labels: path } = call.options;
  const given = await call.services.labelColumn(path!, model);
  const { task, trace } = await readLabelTask(path!);
  const { format: _, settings, texts: __, ids: ___, ...how } = task;
  if (settings !== (await call.services.settings(model, trace.dtype ?? 'fp32')))
    throw usage(
      `${model} is not what it was when ${path} was written`,
      `write the texts anew with ${flagOf('unlabelled')}`,
    );
  const labels = labelsById(path!, given, task);
  await keep(call, trace, certifyFewLabels(trace, labels, how));
}

async function keep(
  { options: { model, json }, services, io }: Call<CalibrateOptions>,
  { dtype = 'fp32' }: Trace,
  { certificate, rowsNeeded }: Certified,
): Promise<void> {
  const { tau } = certificate;
  await services.writeTau(model, { tau, dtype, certificate });
  io.stdout.write(
    json
      ? `${JSON.stringify({ model, tau, tauFrom: 'certified', certificate, rowsNeeded })}\n`
      : tau === null
        ? `${model}: ${nothing(certificate, rowsNeeded)}\n`
        : certifiedSentence(model, certificate, rowsNeeded, null),
  );
}

const nothing = ({ risk, labelled, maxRisk, confidence }: CertificateFacts, needed: number | null): string =>
  `nothing could be certified at ${amountOf(risk)(maxRisk)} and ${percent(confidence)} confidence with ${thousands(labelled)} labels, so every text goes to the end (tau off). ${
    needed === null
      ? 'More labels would not help: there are no more texts to label, or even the slowest early exit loses too much. More texts without labels may'
      : `It needs about ${thousands(needed)} labels`
  }.`;
