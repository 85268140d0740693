/** `calibrate --abstain`: the score below which a model answers "unsure", certified at its own tau on rows that had no part in either. */
import { type AbstentionFacts, certifyAbstention } from '../../certify/index.ts';
import { PyramidError } from '../../errors.ts';
import { unsureLabel } from '../../pyramid/folder/abstention.ts';
import { infoFor } from '../../pyramid/folder/pyramid-info.ts';
import { abstentionInWords } from '../../pyramid/folder/tau-words.ts';
import { type Call, flagOf } from '../command.ts';
import { thousands } from '../output/format.ts';
import type { CalibrateOptions } from './calibrate-options.ts';
import { certifyingRows } from './calibration-rows.ts';

const usage = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });

/** Throws MP_USAGE, also where nothing can be certified, and as reading, running and writing do. */
export async function certifyAbstaining(call: Call<CalibrateOptions>): Promise<void> {
  const { options, services, io } = call;
  const { model, abstain, confidence, json } = options;
  const { config, info } = await services.outline(model);
  if (config.problemType !== 'single_label_classification')
    throw usage(
      `${model} does not answer with one of several labels, so that no answer is unsure as a whole`,
      `leave ${flagOf('abstain')} out`,
    );
  const odd = unsureLabel(flagOf('abstain'), config.labels);
  if (odd !== null) throw usage(odd, 'train with another name for that label');
  const { trace } = await certifyingRows(call, null);
  const dtype = trace.dtype ?? 'fp32';
  const { tau } = infoFor(info, dtype);
  const how = { accuracy: abstain!, ...(confidence !== null && { confidence }) };
  const { abstention, rowsNeeded } = certifyAbstention(trace, tau, how);
  if (abstention === null) throw usage(nothing(trace.entries.length, abstain!, rowsNeeded), 'nothing was changed');
  await services.writeAbstention(model, dtype, abstention);
  io.stdout.write(json ? `${JSON.stringify({ model, dtype, abstention })}\n` : `${model}: ${sentence(abstention)}\n`);
}

/** Every text is answered again. Throws as writing does. */
export async function answerAlways({ options, services, io }: Call<CalibrateOptions>): Promise<void> {
  const { model, json } = options;
  const { info } = await services.outline(model);
  const dtype = options.dtype ?? info.dtype ?? 'fp32';
  await services.writeAbstention(model, dtype, null);
  io.stdout.write(
    json ? `${JSON.stringify({ model, dtype, abstention: null })}\n` : `${model}: every text is answered\n`,
  );
}

const sentence = (abstention: AbstentionFacts): string =>
  `${abstentionInWords(abstention)}. This holds at ${abstention.tau === null ? 'full depth' : `tau ${abstention.tau}`}`;

const nothing = (rows: number, accuracy: number, needed: number | null): string =>
  `${thousands(rows)} rows certify at no score that ${Number((100 * accuracy).toFixed(2))} % of the answers are right${
    needed === null
      ? ', and more rows like these would not help: even its surest answers are wrong too often'
      : `; it takes about ${thousands(needed)}`
  }`;
