/** `bench`: the engine on the clock, beside peers if wanted. The measuring is src/bench's. */
import { availableParallelism } from 'node:os';
import { benchText } from '../../bench/bench-table.ts';
import { PEERS, type PeerName } from '../../bench/peer-names.ts';
import { type Plan, planFor, planText } from '../../bench/plan.ts';
import type { TextInput } from '../../engine/index.ts';
import { PyramidError } from '../../errors.ts';
import { labelNumbers } from '../../evaluate/label-numbers.ts';
import { customOption, integerOption, numberOption, type OptionTable, textOption } from '../../option.ts';
import { DTYPES, type Dtype, infoFor } from '../../pyramid/folder/model-folder.ts';
import { problemTypeOfRows } from '../../text/example.ts';
import { needWritable, writeWhole } from '../../write-whole.ts';
import type { Call, Command } from '../command.ts';
import { threadsOption, workersOption } from '../options/engine-options.ts';
import {
  type LabelledRowsOptions,
  labelledRowsTable,
  modelAndRows,
  modelOption,
  needModel,
  rowSource,
} from '../options/labelled-rows.ts';
import { namesOption } from '../options/list-option.ts';
import { tausOption } from '../options/tau-option.ts';
import { showDownloads } from '../output/progress.ts';

export interface BenchCommandOptions extends LabelledRowsOptions {
  readonly model: string;
  readonly tau: readonly (number | null)[] | null;
  readonly dtype: readonly Dtype[];
  readonly count: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly workers: number | null;
  readonly threads: number | null;
  readonly peers: readonly PeerName[] | 'all' | null;
  readonly python: string;
  readonly json: string | null;
  readonly plan: number | null;
  readonly planLoad: number;
  readonly price: number | null;
}

const measuring = 'Measuring';
const running = 'Running';
const against = 'Peers';
const planning = 'Plan';

/** `--json` without a file: to standard output, instead of the table. */
const STDOUT = '-';
const PURPOSE = 'classify';

const options: OptionTable<BenchCommandOptions> = {
  model: modelOption(measuring, ''),
  tau: tausOption(measuring),
  count: integerOption({
    group: measuring,
    default: 500,
    min: 1,
    placeholder: 'TEXTS',
    help: 'measure the first N texts',
  }),
  rounds: integerOption({
    group: measuring,
    default: 3,
    min: 1,
    help: 'rounds; each system runs once per round, and the figures are medians',
  }),
  seconds: numberOption({
    group: measuring,
    default: 2,
    min: 0,
    help: 'minimum time per system and round; all texts are run at least once',
  }),
  json: customOption<string | null>({
    group: measuring,
    default: null,
    placeholder: 'FILE',
    mayBeBare: true,
    expected: 'a file, or nothing for standard output',
    help: 'write JSON: to FILE as well as printing the table, or (without FILE) to standard output instead of the table',
    read: (raw) => (raw === true ? STDOUT : typeof raw === 'string' && raw !== '' ? raw : undefined),
  }),
  dtype: {
    ...namesOption(
      {
        group: running,
        default: ['fp32'],
        placeholder: 'LIST',
        help: 'precision of matrix products: fp32, int8 or both',
      },
      DTYPES,
    ),
  } as OptionTable<BenchCommandOptions>['dtype'],
  workers: workersOption(running),
  threads: threadsOption(running),
  peers: customOption<readonly PeerName[] | 'all' | null>({
    group: against,
    default: null,
    placeholder: 'LIST',
    mayBeBare: true,
    repeatable: true,
    expected: `nothing or all (every peer that is installed), or some of ${PEERS.join(', ')}, separated by commas`,
    help: `also measure other runtimes on the same weights and texts: every one that is installed, or some of ${PEERS.join(', ')}`,
    read(raw) {
      if (raw === true || raw === 'all') return 'all';
      const names = typeof raw === 'string' ? raw.split(',').map((name) => name.trim()) : raw;
      if (!Array.isArray(names) || names.length === 0) return undefined;
      return names.every((name) => PEERS.includes(name)) ? [...new Set(names as PeerName[])] : undefined;
    },
  }),
  python: textOption({
    group: against,
    default: 'python3',
    placeholder: 'PROGRAM',
    help: 'the Python interpreter that has torch and transformers',
  }),
  plan: numberOption<number | null>({
    group: planning,
    default: null,
    min: 0,
    above: true,
    placeholder: 'RPS',
    help: 'instead of the table: how many machines like this one answer so many requests of one text a second, from what a server answers here over HTTP',
  }),
  planLoad: numberOption({
    group: planning,
    default: 0.6,
    min: 0,
    above: true,
    max: 1,
    placeholder: 'SHARE',
    help: 'with --plan: the share of what a machine can do that it is kept at',
  }),
  price: numberOption<number | null>({
    group: planning,
    default: null,
    min: 0,
    placeholder: 'X',
    help: 'with --plan: the price of one machine an hour, in any currency',
  }),
  ...labelledRowsTable(PURPOSE),
};

export const bench: Command<BenchCommandOptions> = {
  name: 'bench',
  summary: 'Measure throughput and latency, tokenising included, and compare with other runtimes',
  operands: null,
  options,
  examples: [
    { line: 'magic-pyramid bench --model runs/mails --test held-out.csv', what: "at the model's default tau" },
    {
      line: 'magic-pyramid bench --model runs/ag --task ag_news --tau 0.3,0.5 --dtype fp32,int8 --peers --json ag.json',
      what: 'two taus, both dtypes, every installed runtime; write the figures as JSON too',
    },
    {
      line: 'magic-pyramid bench --model runs/mails --test held-out.csv --plan 500 --price 0.085',
      what: 'machines and cost for 500 requests a second',
    },
  ],
  async run(call) {
    const { options, io, services } = call;
    needModel(options.model);
    checkPlan(call);
    if (options.json !== null && options.json !== STDOUT) await needWritable(options.json);
    const { dir, name, texts, truth, targets } = await rowsOf(call);
    const { tau: taus, dtype: dtypes, rounds, seconds, workers, threads, peers, python } = options;
    if (options.plan !== null) {
      await printed(call, await plansOf(call, dir, texts), planText);
      return;
    }
    const report = await services.bench({
      model: dir,
      texts,
      truth,
      targets,
      rows: name,
      taus,
      dtypes,
      rounds,
      seconds,
      workers,
      threads: threads ?? 1,
      peers,
      python,
      onNote: (text) => io.stderr.write(`${text}\n`),
    });
    await printed(call, report, benchText);
  },
};

/** JSON or words, as `--json` has it. */
async function printed<T>({ options, io }: Call<BenchCommandOptions>, figures: T, words: (figures: T) => string) {
  const { json } = options;
  const text = `${JSON.stringify(figures, null, 2)}\n`;
  if (json === STDOUT) io.stdout.write(text);
  else {
    if (json !== null) await writeWhole(json, text);
    io.stdout.write(`${words(figures)}\n`);
  }
}

/** Throws MP_USAGE for options that go with a plan alone, or do not. */
function checkPlan({ options, given }: Call<BenchCommandOptions>): void {
  const usage = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });
  if (options.plan === null) {
    if (given.price !== undefined || given.planLoad !== undefined)
      throw usage('--price and --plan-load are about a plan', 'add --plan RPS');
  } else if (options.seconds === 0) throw usage('--plan needs some time to measure', 'give --seconds above 0');
  else if (options.peers !== null) throw usage('--plan is about our own server', 'leave --peers out');
}

/** A plan for each dtype and tau. */
async function plansOf(
  { options, io, services }: Call<BenchCommandOptions>,
  dir: string,
  texts: readonly TextInput[],
): Promise<Plan[]> {
  const { plan, planLoad: load, price, tau: taus, dtype: dtypes, threads, seconds } = options;
  const cores = availableParallelism();
  const workers = options.workers ?? cores;
  const plans: Plan[] = [];
  const { info } = await services.outline(dir);
  for (const dtype of dtypes) {
    for (const tau of taus ?? [infoFor(info, dtype).tau ?? null]) {
      const serve = ['--model', dir, '--dtype', dtype, '--workers', String(workers), '--threads', String(threads ?? 1)];
      io.stderr.write(`a server at ${dtype}, tau ${tau ?? 'off'}, for ${2 * seconds} s\n`);
      const found = await services.httpLoad({ serve: [...serve, '--tau', String(tau ?? 'off')], texts, load, seconds });
      const wish = { requestsPerSecond: plan!, load, price };
      plans.push(planFor({ ...found, workers, cores }, wish, { dtype, tau }));
    }
  }
  return plans;
}

interface Rows {
  readonly dir: string;
  readonly name: string;
  readonly texts: readonly TextInput[];
  readonly truth: readonly number[] | null;
  /** Of rows that have no one label, in the order of the model's labels. */
  readonly targets: readonly (readonly number[])[] | null;
}

/** The first rows, with their labels where there are any: a file without them is said to have none. */
async function rowsOf({ options, io, services }: Call<BenchCommandOptions>): Promise<Rows> {
  const source = rowSource(options, PURPOSE);
  const { model, count } = options;
  try {
    const { dir, rows } = await modelAndRows(model, source, { io, services });
    const examples = rows.examples.slice(0, count);
    const kind = problemTypeOfRows(rows);
    const known = await services.labels(dir);
    const numbers = kind === 'regression' ? [0] : labelNumbers(rows, known);
    const inOrder = (target: readonly number[]) =>
      kind === 'regression' ? target : known.map((_, i) => target[numbers.indexOf(i)] ?? 0);
    return {
      dir,
      name: rows.name,
      texts: examples.map(({ text, pair }) => (pair === undefined ? text : { text, pair })),
      ...(kind === 'single_label_classification'
        ? { truth: examples.map(({ label }) => numbers[label]), targets: null }
        : { truth: null, targets: examples.map(({ target }) => inOrder(target!)) }),
    };
  } catch (error) {
    const hasNoLabels = error instanceof PyramidError && error.code === 'MP_DATA_COLUMN' && options.label === null;
    if (!hasNoLabels || source.file === null) throw error;
    const { file, text, pair, delimiter } = source;
    const texts: TextInput[] = [];
    for await (const input of services.texts({ file, text, pair, delimiter })) if (texts.push(input) === count) break;
    io.stderr.write(`note: ${file} has no label column, so accuracy is not reported\n`);
    const dir = await showDownloads(io.stderr, (onEvent) => services.model(model, onEvent));
    return { dir, name: file, texts, truth: null, targets: null };
  }
}
