/** `calibrate`: chooses a model's own tau for an allowed drop or a speed-up, and writes it into the model folder. */

import type { TextInput } from '../../engine/index.ts';
import { PyramidError } from '../../errors.ts';
import { judge, type Summary } from '../../evaluate/judge.ts';
import { type PeekPlan, planPeeks, withAsked } from '../../evaluate/plan-peeks.ts';
import { readTrace, type Trace } from '../../evaluate/trace.ts';
import { cheapest, mostAccurate, tradeoff } from '../../evaluate/tradeoff.ts';
import { flagOption, numberOption, type OptionTable, textOption } from '../../option.ts';
import type { Calibration } from '../../pyramid/folder/calibration.ts';
import type { Dtype } from '../../pyramid/folder/model-folder.ts';
import { operations } from '../../report/format.ts';
import { trainTable } from '../../train/options/defaults.ts';
import type { Call, Command } from '../command.ts';
import { dtypeOption } from '../options/engine-options.ts';
import { byOption, maxDropOption } from '../options/experiment-options.ts';
import { needDelimited } from '../options/labelled-rows.ts';
import { counter } from '../output/counter.ts';
import { percent, thousands } from '../output/format.ts';
import { showDownloads } from '../output/progress.ts';

export interface CalibrateOptions {
  readonly model: string;
  readonly maxDrop: number | null;
  readonly speedup: number | null;
  readonly by: 'actual' | 'paper';
  readonly json: boolean;
  readonly dtype: Dtype | null;
  readonly planPeeks: boolean;
  readonly trace: string | null;
  readonly validation: string | null;
  readonly text: string | null;
  readonly pair: string | null;
  readonly label: string | null;
  readonly delimiter: string | null;
}

const group = 'Choice';
const rows = 'Rows';
const { text, pair, label, delimiter } = trainTable;

const options: OptionTable<CalibrateOptions> = {
  model: textOption({
    group,
    default: '',
    placeholder: 'DIR',
    help: 'the model folder; the chosen tau is written to its config.json',
    aliases: ['model_name_or_path'],
  }),
  maxDrop: maxDropOption<number | null>(group, null),
  speedup: numberOption<number | null>({
    group,
    default: null,
    min: 1,
    help: 'the speed-up to reach, at the highest accuracy; instead of --max-drop',
  }),
  by: byOption(group),
  json: flagOption({ group, default: false, help: 'print one JSON object' }),
  dtype: {
    ...dtypeOption(group),
    help: 'the precision to choose tau for (default: that of the trace, or of the model folder)',
  },
  planPeeks: flagOption({
    group,
    default: false,
    help: 'also measure how long heads and layers take on this machine, and skip heads that cost more than they save',
  }),
  validation: textOption<string | null>({
    group: rows,
    default: null,
    placeholder: 'FILE',
    help: 'labelled rows to choose tau on; use others to report results (default: the validation rows of training)',
    aliases: ['validation_file'],
  }),
  trace: textOption<string | null>({
    group: rows,
    default: null,
    placeholder: 'FILE',
    help: 'a trace of the model on such rows, instead of running the model',
  }),
  text: { ...text, group: rows },
  pair: { ...pair, group: rows },
  label: { ...label, group: rows },
  delimiter: { ...delimiter, group: rows },
};

export const calibrate: Command<CalibrateOptions> = {
  name: 'calibrate',
  summary: "Choose a model's default tau from an allowed drop or a target speed-up, and store it with the model",
  operands: null,
  options,
  examples: [
    { line: 'magic-pyramid calibrate --model runs/mails --max-drop 0.005', what: 'at most half a point lost' },
    {
      line: 'magic-pyramid calibrate --model runs/mails --speedup 4 --validation mails.csv',
      what: 'four times faster',
    },
    {
      line: 'magic-pyramid calibrate --model runs/mails --max-drop 0.005 --plan-peeks',
      what: 'use only the exit heads that save time on this machine',
    },
  ],
  async run(call) {
    const { model, maxDrop, speedup, by, json, planPeeks: plans } = call.options;
    const usage = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });
    if (model === '') throw usage('--model is missing', 'give a model folder');
    if ((maxDrop === null) === (speedup === null)) {
      throw maxDrop === null
        ? usage('neither --max-drop nor --speedup was given', 'give one of them')
        : usage('both --max-drop and --speedup were given', 'leave one of them out');
    }
    const { trace, texts } = await rowsOf(call);
    const baseline = judge(trace, null).accuracy;
    const choose = (judged: Trace): Summary =>
      speedup === null ? cheapest(tradeoff(judged), baseline - maxDrop!, by) : fastEnough(judged, speedup, by);
    const first = choose(trace);
    const plan = plans && first.tau !== null ? await planFor(call, trace, texts, first.tau) : null;
    // a text that its layer's head is not asked for leaves later and surer, so the dial may go further
    const judged = plan === null ? trace : withAsked(trace, plan.asked);
    const point = plan === null ? first : choose(judged);
    const calibration: Calibration = {
      dtype: trace.dtype ?? 'fp32',
      rows: point.n,
      target: speedup === null ? { maxDrop: maxDrop! } : { speedup },
      by,
      baseline,
      accuracy: point.accuracy,
      speedupPaper: point.speedup.paper,
      speedupActual: point.speedup.actual,
      ...(plan && { plan: { msPerText: plan.cost, msPerTextAllHeads: plan.costOfAll } }),
    };
    const curve = tradeoff(judged).flatMap(({ tau, accuracy }) => (tau === null ? [] : [[tau, accuracy] as const]));
    const asked = plan?.asked;
    await call.services.writeTau(model, point.tau, { ...calibration, curve }, asked);
    call.io.stdout.write(
      json
        ? `${JSON.stringify({ model, tau: point.tau, ...calibration, ...(asked && { asked }) })}\n`
        : sentence(model, point, calibration) + (plan === null ? '' : planSentence(plan)),
    );
  },
};

/** Throws MP_CALIBRATION. */
function fastEnough(trace: Trace, speedup: number, by: 'actual' | 'paper'): Summary {
  const curve = tradeoff(trace);
  const point = mostAccurate(curve, speedup, by);
  if (point === null)
    throw new PyramidError('MP_CALIBRATION', {
      speedup,
      most: Math.max(...curve.map((other) => other.speedup[by] ?? Number.POSITIVE_INFINITY)),
    });
  return point;
}

/** The costs of heads and layers on this machine, and what follows from them. */
async function planFor(
  { options: { model }, io, services }: Call<CalibrateOptions>,
  trace: Trace,
  texts: readonly TextInput[],
  tau: number,
): Promise<PeekPlan> {
  io.stderr.write('measuring how long heads and layers take on this machine\n');
  return planPeeks(trace, await services.measurePeeks(model, texts, tau, trace.dtype ?? 'fp32'), tau);
}

interface Rows {
  readonly trace: Trace;
  /** Empty where the trace was given. */
  readonly texts: readonly TextInput[];
}

async function rowsOf({ options, io, services }: Call<CalibrateOptions>): Promise<Rows> {
  const { trace: path, validation, model, text, pair, label, delimiter, dtype } = options;
  if (path !== null) {
    if (options.planPeeks) {
      throw new PyramidError('MP_USAGE', {
        what: 'both --trace and --plan-peeks were given',
        todo: 'leave --trace out: a plan has to run the model to measure it',
      });
    }
    if (validation !== null)
      throw new PyramidError('MP_USAGE', { what: 'both --trace and --validation were given', todo: 'leave one out' });
    const trace = await readTrace(path);
    if (dtype !== null && trace.dtype !== undefined && trace.dtype !== dtype) {
      throw new PyramidError('MP_USAGE', {
        what: `${path} was made with ${trace.dtype}, and --dtype is ${dtype}`,
        todo: `leave --dtype out, or make a trace with evaluate --dtype ${dtype}`,
      });
    }
    return { trace: dtype === null ? trace : { ...trace, dtype }, texts: [] };
  }
  needDelimited(delimiter, validation);
  const source = { task: null, dataDir: null, file: validation, text, pair, label, delimiter };
  const rows = await showDownloads(io.stderr, (onEvent) =>
    validation === null ? services.validationRows(model, onEvent) : services.labelledRows(source, model, onEvent),
  );
  const progress = counter(io.stderr, 'texts');
  // a plan is made anew from all heads, whatever an earlier one left out
  const how = { dtype, askAll: options.planPeeks };
  const { trace } = await services.trace(model, rows, how, (share) => progress.at(share * rows.examples.length));
  return {
    trace,
    texts: rows.examples.map(({ text, pair }) => (pair === undefined ? text : { text, pair })),
  };
}

function planSentence({ asked, cost, costOfAll }: PeekPlan): string {
  const layers = asked.flatMap((is, i) => (is ? [i + 1] : []));
  const which =
    layers.length === 0 ? 'of no layer' : `of ${layers.length === 1 ? 'layer' : 'layers'} ${layers.join(', ')}`;
  return `asks the exit heads ${which}: ${cost.toFixed(3)} ms per text on one worker of this machine, ${costOfAll.toFixed(3)} ms with all ${asked.length} heads\n`;
}

const sentence = (model: string, { n, tau, accuracy, speedup }: Summary, { baseline, dtype }: Calibration): string =>
  `${model}: tau ${tau ?? 'off'} for ${dtype}; on the ${thousands(n)} calibration rows ${percent(accuracy)} accuracy (${percent(baseline)} without exits), ${operations(speedup)}\n`;
