/** `evaluate`: a model's accuracy and cost on labelled rows, at one tau. The judging is src/evaluate's. */
import { abstaining, dropByGroup } from '../../certify/index.ts';
import { PyramidError } from '../../errors.ts';
import { byLabel } from '../../evaluate/by-label.ts';
import { calibrationErrors } from '../../evaluate/calibration-error.ts';
import { besideTheMean, errorInWords } from '../../evaluate/error-words.ts';
import { type Judgement, judge, type LengthBucket } from '../../evaluate/judge.ts';
import { needTraceFile, writeTrace } from '../../evaluate/trace.ts';
import { judgeWindows } from '../../evaluate/windows.ts';
import { flagOption, type OptionTable, textOption } from '../../option.ts';
import type { WindowRule } from '../../pyramid/exits/windows.ts';
import { UNSURE } from '../../pyramid/folder/abstention.ts';
import { type Dial, originOf } from '../../pyramid/folder/dial.ts';
import type { Dtype } from '../../pyramid/folder/model-folder.ts';
import { tauInWords } from '../../pyramid/folder/tau-words.ts';
import { times } from '../../report/format.ts';
import { groupTable } from '../calibrate/certified-words.ts';
import type { Command } from '../command.ts';
import { dtypeOption } from '../options/engine-options.ts';
import {
  type LabelledRowsOptions,
  labelledRowsTable,
  modelAndRows,
  modelOption,
  needModel,
  rowSource,
} from '../options/labelled-rows.ts';
import { engineTau, type TauOption, tauOption } from '../options/tau-option.ts';
import { type WindowOptions, windowsOf, windowTable } from '../options/window-options.ts';
import { counter } from '../output/counter.ts';
import { count, percent, thousands } from '../output/format.ts';
import { labelText } from '../output/label-text.ts';

export interface EvaluateOptions extends LabelledRowsOptions, WindowOptions {
  readonly model: string;
  readonly tau: TauOption;
  readonly trace: string | null;
  readonly json: boolean;
  readonly dtype: Dtype | null;
}

const judging = 'Evaluation';

const options: OptionTable<EvaluateOptions> = {
  model: modelOption(judging, ''),
  tau: tauOption(judging),
  trace: textOption<string | null>({
    group: judging,
    default: null,
    placeholder: 'FILE',
    help: 'also write the trace: tokens and logits of every layer, one text per line',
  }),
  json: flagOption({ group: judging, default: false, help: 'print one JSON object' }),
  dtype: dtypeOption(judging),
  ...windowTable(judging),
  ...labelledRowsTable('evaluate on'),
};

export const evaluate: Command<EvaluateOptions> = {
  name: 'evaluate',
  summary: 'Evaluate a model on labelled texts: accuracy, FLOPs, speed-up, and where texts exit',
  operands: null,
  options,
  examples: [
    { line: 'magic-pyramid evaluate --model runs/mails --test held-out.csv --tau 0.2', what: 'at one tau' },
    {
      line: 'magic-pyramid evaluate --model runs/ag --task ag_news --data-dir data --tau off --json',
      what: 'without early exit, as JSON',
    },
  ],
  async run({ options, io, services }) {
    const { model, tau, trace: tracePath, json, dtype } = options;
    needModel(model);
    const windows = windowsOf(options);
    if (windows !== null && tracePath !== null) throw noTraceOfWindows();
    if (tracePath !== null) await needTraceFile(tracePath);
    const { dir, rows } = await modelAndRows(model, rowSource(options, 'evaluate on'), { io, services });
    const progress = counter(io.stderr, 'texts');
    const onProgress = (share: number) => progress.at(share * rows.examples.length);
    const given = engineTau(tau);
    const dialOf = (own: Dial): Dial => (given === undefined ? own : { tau: given, tauFrom: 'given' });
    if (windows !== null) {
      const found = await services.windowTrace(dir, rows, { dtype, ...windows }, onProgress);
      const judgement = judgeWindows(found, dialOf(found.own).tau, windows.windows);
      const each = found.trace.entries.length / found.counts.length;
      const facts = { stride: windows.stride, rule: windows.windows, each };
      io.stdout.write(
        json
          ? `${JSON.stringify({ ...judgement, tauFrom: originOf(dialOf(found.own)), windows: facts })}\n`
          : report(rows.name, { ...judgement, calibrationError: [] }, dialOf(found.own), null, facts),
      );
      return;
    }
    const { trace, own } = await services.trace(dir, rows, { dtype }, onProgress);
    if (tracePath !== null) await writeTrace(tracePath, trace);
    const dial = dialOf(own);
    const judgement = judge(trace, dial.tau);
    const calibrationError = calibrationErrors(trace);
    const abstention = own.abstention ? abstaining(trace, dial.tau, own.abstention) : null;
    const labels = byLabel(trace, dial.tau);
    const isNumber = trace.answers?.problemType === 'regression';
    const drops = dial.tau === null || trace.shape.layers === 0 || isNumber ? null : dropByGroup(trace, dial.tau);
    io.stdout.write(
      json
        ? `${JSON.stringify({ ...judgement, calibrationError, tauFrom: originOf(dial), drops, byLabel: labels, ...(abstention && { abstention }) })}\n`
        : report(rows.name, { ...judgement, calibrationError }, dial, abstention) +
            (drops === null ? '' : groupTable(drops)) +
            labelText(labels),
    );
  },
};

/** `calibrationError` [L+1]: of each exit, floor 0 first, 0 to 1; null where no text is asked. The same at every tau. */
type Judged = Judgement & { readonly calibrationError: readonly (number | null)[] };

/** How texts ran as windows; `each`: mean windows of a text. */
interface WindowFacts {
  readonly stride: number;
  readonly rule: WindowRule;
  readonly each: number;
}

const noTraceOfWindows = () =>
  new PyramidError('MP_USAGE', {
    what: 'both --trace and --stride were given, and a trace has one row a text, which leaves at one exit',
    todo: 'leave one of them out',
  });

/** A certificate speaks of texts as they are cut, and so does the score of an abstention. */
function windowLine({ stride, rule, each }: WindowFacts, { certificate, abstention }: Dial): [string, string] {
  const how = rule === 'mean' ? 'the mean of their logits answers' : 'the most certain one answers';
  const promised = certificate || abstention ? '; nothing is promised of windows' : '';
  return ['windows', `${each.toFixed(2)} a text, which share ${count(stride, 'token')}; ${how}${promised}`];
}

function report(
  name: string,
  judged: Judged,
  dial: Dial,
  abstention: ReturnType<typeof abstaining> | null,
  windows: WindowFacts | null = null,
): string {
  const { byLength, f1, exitsByLayer } = judged;
  const hasNetwork = exitsByLayer.length > 0;
  const rightness = judged.microF1 === undefined ? 'accuracy' : EXACTLY_RIGHT;
  const lines: (readonly [string, string])[] = [
    ['texts', `${thousands(judged.n)} of ${name}${hasNetwork ? `, ${tauInWords(dial)}` : ''}`],
    ...(windows === null ? [] : [windowLine(windows, dial)]),
    ...qualityLines(judged),
    ...(abstention === null ? [] : [abstentionLine(abstention)]),
    ...(f1 === null ? [] : [['F1', percent(f1)] as const]),
    ...(hasNetwork ? costLines(judged) : []),
    ...calibrationLine(judged),
    hasNetwork
      ? ['tokens by layer', judged.tokensByLayer.map((n) => n.toFixed(1)).join('  ')]
      : ['tokens a text', judged.tokensByLayer[0].toFixed(1)],
    ...byLength.map(
      (bucket) =>
        [
          `${bucket.from}${bucket.to === null ? '+' : `-${bucket.to}`} tokens`,
          bucketText(bucket, rightness, hasNetwork),
        ] as const,
    ),
  ];
  const width = Math.max(...lines.map(([title]) => title.length));
  return lines.map(([title, value]) => `${title.padEnd(width)}  ${value}\n`).join('');
}

/** What the network costs, and which of its layers answer. */
const costLines = ({
  gflops,
  speedup,
  meanExit,
  exitsByLayer,
  exitsAtFloor,
}: Judged): (readonly [string, string])[] => [
  ['speed-up', `${times(speedup.paper)} as the paper counts, ${times(speedup.actual)} as computed`],
  ['GFLOPs a text', `${gflops.paper.toPrecision(3)} as the paper counts, ${gflops.actual.toPrecision(3)} as computed`],
  ['mean exit', `layer ${meanExit.toFixed(2)} of ${exitsByLayer.length}`],
  ...(exitsAtFloor === null ? [] : [['exits at floor 0', thousands(exitsAtFloor)] as const]),
  ['exits by layer', exitsByLayer.map(thousands).join('  ')],
];

/** What accuracy is where a text may have any number of labels. */
const EXACTLY_RIGHT = 'exactly the right labels';

/** How right the answers are. */
function qualityLines(judged: Judged): [string, string][] {
  const { microF1, macroF1, hammingLoss, r2, pearson, spearman } = judged;
  const short = (value: number | undefined) => value!.toFixed(4);
  if (r2 !== undefined)
    return [
      ['variance explained', [short(r2), besideTheMean(r2) ?? []].flat().join(', ')],
      ['root mean squared error', errorInWords(judged)],
      ['Pearson correlation', short(pearson)],
      ['Spearman correlation', short(spearman)],
    ];
  if (microF1 === undefined) return [['accuracy', percent(judged.accuracy)]];
  return [
    ['micro F1', short(microF1)],
    ['macro F1', short(macroF1)],
    [EXACTLY_RIGHT, percent(judged.accuracy)],
    ['Hamming loss', short(hammingLoss)],
  ];
}

/** Of a model that is unsure of some. */
const abstentionLine = ({ answered, right }: ReturnType<typeof abstaining>): readonly [string, string] => [
  'answered',
  `${percent(answered)}${right === null ? '' : `, of which ${percent(right)} right`}; the others are "${UNSURE}"`,
];

/** How far the scores of each exit are from how often they are right, floor 0 first where there is one. */
function calibrationLine({ calibrationError, exitsAtFloor, exitsByLayer }: Judged): [string, string][] {
  const shown = exitsAtFloor === null ? calibrationError.slice(1) : calibrationError;
  if (shown.every((error) => error === null)) return [];
  const by = exitsAtFloor === null ? ', by layer' : ', floor 0 and by layer';
  const name = `calibration error${exitsByLayer.length > 0 ? by : ''}`;
  return [[name, shown.map((error) => (error === null ? '–' : percent(error))).join('  ')]];
}

/** `rightness`: what its accuracy is called. */
function bucketText({ n, accuracy, speedup, meanExit }: LengthBucket, rightness: string, hasNetwork: boolean): string {
  if (speedup === null || meanExit === null) return 'no texts';
  const right = accuracy === null ? [] : [`${rightness} ${percent(accuracy)}`];
  const cost = hasNetwork ? [`speed-up ${times(speedup.actual)}`, `exit ${meanExit.toFixed(2)}`] : [];
  return [count(n, 'text'), ...right, ...cost].join(', ');
}
