/**
 * A copy of a model folder that prefers int8, once int8 has been found to agree with fp32 on given rows. The weights
 * stay float32 on disk, so that other programs open the folder as before; the engine makes int8 of them when it loads.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Pyramid } from '../engine/index.ts';
import { PyramidError } from '../errors.ts';
import { judge } from '../evaluate/judge.ts';
import { qualityName, qualityOf } from '../evaluate/quality.ts';
import type { Trace } from '../evaluate/trace.ts';
import { knownOptions } from '../option.ts';
import { targetAnswered } from '../pyramid/exits/answer-rule.ts';
import { exitLogits, temperatureAt, tempered } from '../pyramid/exits/sum.ts';
import { dialOf, withoutDial } from '../pyramid/folder/dial.ts';
import { json } from '../pyramid/folder/model-folder.ts';
import { argmax } from '../pyramid/logits.ts';
import type { Dataset } from '../text/example.ts';
import { needEmptyFolder } from '../write-folder.ts';
import { writeWhole } from '../write-whole.ts';
import { copyFolder } from './copy-folder.ts';
import { runTrace } from './run-trace.ts';

/** How an int8 copy of a model is made and checked. */
export interface QuantizeOptions {
  /** Model folder. */
  readonly model: string;
  /** Labelled texts on which both are compared. */
  readonly rows: Dataset;
  /** Share of the rows, 0 to 1, whose answer may differ from the fp32 answer. */
  readonly maxDisagreement: number;
  /** The new folder; must be empty or not exist. */
  readonly out: string;
  /** Share done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/** What came of an int8 copy. */
export interface Quantized {
  /** The new folder. */
  readonly out: string;
  /** How many texts were compared. */
  readonly rows: number;
  /**
   * Share of the rows that are answered otherwise with int8, exits off: another label or set of labels, or a number that is a
   * twentieth of the labels' standard deviation away.
   */
  readonly disagreement: number;
  /** Exits off; micro F1 or the share of the variance explained where `figure` says so. */
  readonly accuracy: { readonly fp32: number; readonly int8: number };
  /** What `accuracy` is where it is no accuracy. */
  readonly figure?: 'microF1' | 'r2';
  /** Of int8 weights on this machine, see `Pyramid.weightBits`. */
  readonly weightBits: number;
  /** The model's tau was chosen with fp32: the copy has it for that alone, and none for int8. */
  readonly tauVoid: boolean;
}

/**
 * Throws MP_USAGE for a model without a network, MP_QUANTIZE if the two disagree more often than allowed, MP_OUT_EXISTS if `out` is not empty, MP_USAGE if a label
 * of the rows is not the model's, MP_WRITE, and as `Pyramid.load`.
 */
export async function quantize(options: QuantizeOptions): Promise<Quantized> {
  const known = knownOptions(options, ['model', 'rows', 'maxDisagreement', 'out', 'onProgress']);
  const { model, rows, maxDisagreement, out, onProgress } = known;
  if (!(maxDisagreement >= 0 && maxDisagreement <= 1))
    throw new PyramidError('MP_USAGE', {
      what: `maxDisagreement is ${maxDisagreement}`,
      todo: 'give a fraction from 0 to 1',
    });
  await needEmptyFolder(out);
  const traced = async (dtype: 'fp32' | 'int8', from: number) => {
    const pyramid = await Pyramid.load(model, { dtype });
    try {
      if (pyramid.shape.layers === 0)
        throw new PyramidError('MP_USAGE', {
          what: `${model} has no network, which is what int8 makes faster`,
          todo: 'use it as it is',
        });
      const { info, weightBits } = pyramid;
      return { trace: await runTrace(pyramid, rows, (share) => onProgress?.(from + share / 2)), info, weightBits };
    } finally {
      await pyramid.close();
    }
  };
  const exact = await traced('fp32', 0);
  const quick = await traced('int8', 0.5);
  const disagreement = differing(exact.trace, quick.trace) / rows.examples.length;
  if (disagreement > maxDisagreement) {
    throw new PyramidError('MP_QUANTIZE', { disagreement, most: maxDisagreement, rows: rows.examples.length });
  }
  // a tau that was chosen on the logits of one dtype holds for that alone
  const { forDtype: _, ...info } = withoutDial(exact.info);
  await copyFolder(model, out, async (copy) => {
    const path = join(copy, 'config.json');
    const config = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    const pyramid = {
      ...info,
      dtype: 'int8',
      ...dialOf(quick.info),
      ...((exact.info.tau !== null || exact.info.abstention) && { forDtype: { fp32: dialOf(exact.info) } }),
    };
    await writeWhole(path, json({ ...config, pyramid }));
  });
  const summary = judge(exact.trace, null);
  const accuracy = { fp32: qualityOf(summary), int8: qualityOf(judge(quick.trace, null)) };
  const figure = qualityName(summary);
  return {
    out,
    rows: rows.examples.length,
    disagreement,
    accuracy,
    ...(figure !== 'accuracy' && { figure }),
    weightBits: quick.weightBits!,
    tauVoid: exact.info.tau !== null && quick.info.tau === null,
  };
}

/** Of the labels' standard deviation. */
const SAME = 0.05;

function differing(a: Trace, b: Trace): number {
  const [one, other] = [a, b].map((trace) => trace.entries.map((_, i) => fullAnswer(trace, i)));
  const { answers } = a;
  const most = answers?.problemType === 'regression' ? SAME * (answers.spread ?? 1) : 0;
  return one.filter((answer, i) => answer.some((value, c) => Math.abs(value - other[i][c]) > most)).length;
}

/** What the last layer answers, floor 0 added: [1] of a label or a number, or [C] of 0 and 1. */
function fullAnswer({ entries, floor: sum, answers, temperatures, shape }: Trace, text: number): readonly number[] {
  const { logits, floor } = entries[text];
  const last = exitLogits(logits, floor ?? null, sum ?? null).layers.at(-1)!;
  return answers ? targetAnswered(answers, tempered(last, temperatureAt(temperatures, shape.layers))) : [argmax(last)];
}
