/**
 * The tables of a reproduction that say what was run: data, settings, stages, as the paper's tables 2 to 4 do, and what
 * the paper's own network cost. Results are table 1, and summaries of them reproduce-summaries.ts and drop-tables.ts.
 */
import { left, percent, type ReportTable, reportTable, right, short } from '../../report/index.ts';
import { headsJoin, methods } from '../../train/methods.ts';
import type { MethodName } from '../../train/options/defaults.ts';
import { stepsFor } from '../../train/stages/few-rows.ts';
import type { StoredResult } from '../stored-result.ts';
import type { Unit } from '../unit.ts';

export function dataTable(results: readonly StoredResult[]): ReportTable {
  const records = firstOfEach(results, ({ task }) => task).map(({ task, data }) => ({
    task,
    ...data,
    calibration: data.calibration ?? 0,
  }));
  type Row = (typeof records)[number];
  return reportTable<Row>(
    {
      name: 'data',
      title: 'Table 2: data',
      caption:
        'Validation rows are a tenth of the training rows, used to choose tau. Calibration rows, where there are some, certify tau and do nothing else. Tokens: the mean per test text, after truncation.',
    },
    [
      left('Task', ({ task }) => task),
      right('Labels', ({ labels }) => String(labels)),
      left('Texts', ({ pairs }) => (pairs ? 'pairs' : 'single')),
      right('Training rows', ({ train }) => String(train)),
      right('Validation rows', ({ validation }) => String(validation)),
      right('Calibration rows', ({ calibration }) => String(calibration)),
      right('Test rows', ({ test }) => String(test)),
      right('Tokens', ({ tokens }) => tokens.toFixed(1)),
      right('Cut', ({ cut }) => percent(cut)),
    ],
    records,
  );
}

/** By task, as many as were trained on; a task without a result has none. */
type TrainingRows = ReadonlyMap<string, number>;

export const trainingRows = (results: readonly StoredResult[]): TrainingRows =>
  new Map(results.map(({ task, data }) => [task, data.train]));

/** With few rows a run has more epochs and smaller batches than its options say. */
const stepsOf = ({ task, options }: Unit, rows: TrainingRows) =>
  stepsFor(options, rows.get(task) ?? Number.POSITIVE_INFINITY);

export function settingsTable(units: readonly Unit[], rows: TrainingRows): ReportTable {
  const records = firstOfEach(units, ({ task }) => task).map((unit) => {
    const { task, options } = unit;
    return {
      task,
      batchSize: stepsOf(unit, rows).batchSize,
      learningRate: options.learningRate,
      maxLength: options.maxLength,
      delta: options.delta,
      temperature: options.temperature,
      lambda: options.lambda,
      thresholdLearningRate: options.thresholdLearningRate,
      headBatchSize: options.headBatchSize,
      jointWeight: options.jointWeight,
    };
  });
  type Row = (typeof records)[number];
  return reportTable<Row>(
    {
      name: 'settings',
      title: 'Table 3: settings',
      caption:
        'The paper searches Δ_L from 0.01 to 0.08, T in 1e-5, 2e-5 and 5e-5, and λ from 0.001 to 0.2; the sweep command searches the same. Joint: the weight of the loss of exit heads in joint training.',
    },
    [
      left('Task', ({ task }) => task),
      right('Batch', ({ batchSize }) => String(batchSize)),
      right('Learning rate', ({ learningRate }) => String(learningRate)),
      right('Most tokens', ({ maxLength }) => String(maxLength)),
      right('Δ_L', ({ delta }) => String(delta)),
      right('T', ({ temperature }) => String(temperature)),
      right('λ', ({ lambda }) => String(lambda)),
      right('Thresholds’ rate', ({ thresholdLearningRate }) => String(thresholdLearningRate)),
      right('Heads’ batch', ({ headBatchSize }) => String(headBatchSize)),
      right('Joint', ({ jointWeight }) => String(jointWeight)),
    ],
    records,
  );
}

export function stagesTable(units: readonly Unit[], rows: TrainingRows): ReportTable {
  const records = firstOfEach(units, ({ task, row }) => `${task} ${row.name}`).map((unit) => {
    const { task, row, options } = unit;
    const { stages, exits } = methods[row.method];
    const taken = stepsOf(unit, rows).epochs;
    const epochs = (stage: (typeof stages)[number]) => (stages.includes(stage) ? taken[stage] : null);
    return {
      task,
      method: row.name,
      regular: epochs('regular'),
      soft: epochs('soft'),
      hard: epochs('hard'),
      heads: epochs('heads'),
      exitHead: exits ? options.exitHead : null,
      exitTraining: exits ? trainingOfHeads(row.method, options) : null,
      // a task's recipe may have other rates where heads learn with the network
      jointRate: exits && row.exits.exitTraining === 'joint' ? options.jointHeadLearningRate : null,
      headsRate: stages.includes('heads') ? options.headLearningRate : null,
    };
  });
  type Row = (typeof records)[number];
  const text = (value: string | number | null) => (value === null ? '–' : String(value));
  return reportTable<Row>(
    {
      name: 'stages',
      title: 'Table 4: stages and their epochs',
      caption:
        'Frozen: exit heads are distilled from the finished network. Joint: they also train with it first, at the joint rate, from the rows’ labels or from the main classifier’s scores. Heads’ rate: the learning rate of the heads stage. Stages that methods share are trained once.',
    },
    [
      left('Task', ({ task }) => task),
      left('Method', ({ method }) => method),
      right('Regular', ({ regular }) => text(regular)),
      right('Soft', ({ soft }) => text(soft)),
      right('Hard', ({ hard }) => text(hard)),
      right('Heads', ({ heads }) => text(heads)),
      left('Exit heads', ({ exitHead }) => text(exitHead)),
      left('Training of heads', ({ exitTraining }) => text(exitTraining)),
      right('Joint rate', ({ jointRate }) => text(jointRate)),
      right('Heads’ rate', ({ headsRate }) => text(headsRate)),
    ],
    records,
  );
}

const trainingOfHeads = (method: MethodName, options: Unit['options']): string => {
  const join = headsJoin(method, options);
  return join === null ? 'frozen' : `joint, from ${join} on, by the ${options.jointTargets}`;
};

/** Of the paper's results, those that we know for sure: BERT-base on AG News. */
const PAPER = [{ task: 'ag_news', model: 'BERT-base', tokens: 52.4, gflops: 9.0 }] as const;

/** The paper's own figures beside ours. */
export function paperTable(results: readonly StoredResult[]): ReportTable {
  const asked = PAPER.filter(({ task }) => results.some((result) => result.task === task));
  const records = asked.map(({ task, model, tokens, gflops }) => {
    const ours = results.find((result) => result.task === task && result.method === 'bert');
    return {
      task,
      paperModel: model,
      paperTokens: tokens,
      paperGflops: gflops,
      tokens: ours?.data.tokens ?? null,
      gflops: ours?.test.gflops.paper ?? null,
    };
  });
  type Row = (typeof records)[number];
  const text = (value: number | null) => (value === null ? '–' : short(value));
  return reportTable<Row>(
    {
      name: 'paper',
      title: 'The paper’s own cost of plain BERT',
      caption: 'GFLOPs as the paper counts. A smaller network costs less; the token counts should agree.',
    },
    [
      left('Task', ({ task }) => task),
      left('The paper’s model', ({ paperModel }) => paperModel),
      right('The paper’s tokens', ({ paperTokens }) => String(paperTokens)),
      right('The paper’s GFLOPs', ({ paperGflops }) => paperGflops.toFixed(1)),
      right('Tokens here', ({ tokens }) => text(tokens)),
      right('GFLOPs here', ({ gflops }) => text(gflops)),
    ],
    records,
  );
}

function firstOfEach<T>(items: readonly T[], key: (item: T) => string): T[] {
  const seen = new Map<string, T>();
  for (const item of items) if (!seen.has(key(item))) seen.set(key(item), item);
  return [...seen.values()];
}
