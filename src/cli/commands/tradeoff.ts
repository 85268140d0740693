/** `tradeoff`: a model's accuracy and cost over tau, from a trace or from labelled rows. The figures are src/evaluate's. */
import { stringify } from 'csv-stringify/sync';
import { PyramidError } from '../../errors.ts';
import type { Summary } from '../../evaluate/judge.ts';
import { qualityName } from '../../evaluate/quality.ts';
import { readTrace, type Trace } from '../../evaluate/trace.ts';
import { tradeoff as curveOf } from '../../evaluate/tradeoff.ts';
import { flagOption, type OptionTable, textOption } from '../../option.ts';
import type { Dtype } from '../../pyramid/folder/model-folder.ts';
import { thin } from '../../report/figure.ts';
import { percent, short, times } from '../../report/format.ts';
import { qualityText } from '../../report/quality-text.ts';
import { alignedText } from '../../report/text-table.ts';
import type { Call, Command } from '../command.ts';
import { dtypeOption } from '../options/engine-options.ts';
import {
  type LabelledRowsOptions,
  labelledRowsTable,
  modelAndRows,
  modelOption,
  rowSource,
} from '../options/labelled-rows.ts';
import { counter } from '../output/counter.ts';

export interface TradeoffOptions extends LabelledRowsOptions {
  readonly trace: string | null;
  readonly model: string | null;
  readonly csv: boolean;
  readonly json: boolean;
  readonly dtype: Dtype | null;
}

const group = 'Curve';

const options: OptionTable<TradeoffOptions> = {
  trace: textOption<string | null>({
    group,
    default: null,
    placeholder: 'FILE',
    help: 'a trace written by evaluate or reproduce, instead of --model and rows',
  }),
  model: modelOption<string | null>(group, null),
  csv: flagOption({ group, default: false, help: 'print all points as CSV' }),
  json: flagOption({ group, default: false, help: 'print all points as one JSON array' }),
  dtype: dtypeOption(group),
  ...labelledRowsTable('evaluate on'),
};

/** Points of the printed table; --csv and --json have them all. */
const SHOWN = 25;

export const tradeoff: Command<TradeoffOptions> = {
  name: 'tradeoff',
  summary: 'Show accuracy against cost over tau, from a trace or from a model and labelled texts',
  operands: null,
  options,
  examples: [
    { line: 'magic-pyramid tradeoff --model runs/mails --test held-out.csv', what: 'a model on rows' },
    { line: 'magic-pyramid tradeoff --trace held-out.trace.jsonl --csv > curve.csv', what: 'a trace, as CSV' },
  ],
  async run(call) {
    const { csv, json } = call.options;
    if (csv && json)
      throw new PyramidError('MP_USAGE', { what: 'both --csv and --json were given', todo: 'leave one of them out' });
    const trace = await traceOf(call);
    const curve = curveOf(trace);
    const text = () => (csv ? csvText(curve) : `${tableText(curve, trace.shape.layers > 0)}\n`);
    call.io.stdout.write(json ? `${JSON.stringify(curve)}\n` : text());
  },
};

async function traceOf({ options, io, services }: Call<TradeoffOptions>): Promise<Trace> {
  const { trace, model, test, task, dtype } = options;
  const usage = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });
  if (trace !== null) {
    if (model !== null || test !== null || task !== null || dtype !== null)
      throw usage('--trace was given beside a model or rows', 'give one or the other');
    return readTrace(trace);
  }
  if (model === null) throw usage('there is no trace and no model', 'give --trace, or --model with rows');
  const { dir, rows } = await modelAndRows(model, rowSource(options, 'evaluate on'), { io, services });
  const progress = counter(io.stderr, 'texts');
  return (await services.trace(dir, rows, { dtype }, (share) => progress.at(share * rows.examples.length))).trace;
}

/** Without a network there is one answer to a text, at any tau: how right it is, and nothing else. */
function tableText(curve: readonly Summary[], hasNetwork: boolean): string {
  const figure = qualityName(curve[0]);
  const columns: readonly (readonly [string, (point: Summary) => string])[] = [
    ...(hasNetwork ? [['tau', ({ tau }: Summary) => (tau === null ? 'off' : String(tau))] as const] : []),
    [HEADS[figure], qualityText],
    ...(curve[0].f1 === null ? [] : [['F1', ({ f1 }: Summary) => percent(f1!)] as const]),
    ...(hasNetwork ? COST : []),
  ];
  return alignedText({
    heads: columns.map(([head]) => head),
    align: columns.map(() => 'right'),
    rows: thin(curve, SHOWN).map((point) => columns.map(([, cell]) => cell(point))),
  });
}

const COST: readonly (readonly [string, (point: Summary) => string])[] = [
  ['GFLOPs (paper)', ({ gflops }) => short(gflops.paper)],
  ['GFLOPs (actual)', ({ gflops }) => short(gflops.actual)],
  ['Speed-up (paper)', ({ speedup }) => times(speedup.paper)],
  ['Speed-up (actual)', ({ speedup }) => times(speedup.actual)],
  ['Mean exit', ({ meanExit }) => meanExit.toFixed(2)],
];

const HEADS = { accuracy: 'Accuracy', microF1: 'Micro F1', r2: 'R²' } as const;

/** Unrounded; an empty tau is off. */
function csvText(curve: readonly Summary[]): string {
  const records = curve.map(
    ({ tau, accuracy, f1, macroF1, microF1, r2, pearson, spearman, meanSquaredError, gflops, speedup, meanExit }) => ({
      tau,
      ...(r2 === undefined ? { accuracy, f1, macroF1 } : { r2, pearson, spearman, meanSquaredError }),
      ...(microF1 !== undefined && { microF1 }),
      gflops: gflops.paper,
      gflopsActual: gflops.actual,
      speedupPaper: speedup.paper,
      speedupActual: speedup.actual,
      meanExit,
    }),
  );
  return stringify(records, { header: true, escape_formulas: true });
}
