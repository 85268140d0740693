import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EncodedSet } from '../../../src/train/batch.ts';
import { Checkpoints } from '../../../src/train/checkpoint/run-checkpoint.ts';
import type { TrainEvent } from '../../../src/train/events.ts';
import { resolveTrainOptions } from '../../../src/train/options/resolve.ts';
import { bestEpoch, figuresOf, isOver } from '../../../src/train/stages/kept-epoch.ts';
import { type MethodResult, runMethod } from '../../../src/train/stages/run-method.ts';
import { stageSettings } from '../../../src/train/stages/stage-settings.ts';
import { encodeSet } from '../../../src/train/start/encoded-rows.ts';
import type { ModelState } from '../../../src/train/state.ts';
import { Tracer } from '../../../src/train/trace/tracer.ts';
import { validationMetrics } from '../../../src/train/trace/validation-metrics.ts';
import { compile, cpu } from '../../support/cpu.ts';
import { scratchDataset, tinyOptions, tinyStart } from '../../support/scratch-data.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

type Given = Parameters<typeof tinyOptions>[0];

const root = temporaryFolder();
const rows = scratchDataset({ rows: 48 });
const held = scratchDataset({ rows: 60, seed: 9 });
// steps too large to get better from epoch to epoch
const wild: Given = {
  method: 'mp',
  exitTraining: 'frozen',
  exitHead: 'cls',
  floor: 'none',
  seed: 1,
  learningRate: 1e-2,
  headLearningRate: 2e-1,
  learningRateSchedule: 'constant',
  epochs: { regular: 6, soft: 2, hard: 5, heads: 5 },
};
let start: ModelState;
let train: EncodedSet;
let validation: EncodedSet;

beforeAll(async () => {
  const begun = await tinyStart(rows, tinyOptions({ seed: 1 }));
  ({ state: start, set: train } = begun);
  validation = encodeSet(begun.tokenizer, held, 24);
});

async function run(given: Given, { name = '', stopAt = 0, seen = [] as TrainEvent[] } = {}): Promise<MethodResult> {
  const options = tinyOptions({ ...wild, ...given, checkpointEvery: 4 });
  const stop = new AbortController();
  let steps = 0;
  return runMethod({
    ...{ name: options.method, options, start, pairs: false, train, validation },
    settings: stageSettings(options, rows, cpu),
    checkpoints: name === '' ? null : new Checkpoints(join(root, name), {}),
    signal: stop.signal,
    onEvent(event) {
      seen.push(event);
      if (event.kind === 'step' && ++steps === stopAt) stop.abort();
    },
  });
}

const weightsOf = ({ state }: MethodResult) => [
  ...[...state.parameters, ...state.heads].map(([name, { data }]) => [name, Buffer.from(data.buffer).toString('hex')]),
  [...(state.thresholds ?? [])],
];

/** As the last stage of `method` judges it. */
async function judged({ state }: MethodResult, pruning: 'none' | 'hard') {
  const tracer = await Tracer.create(state, pruning, compile);
  try {
    return validationMetrics(await tracer.trace(validation), validation);
  } finally {
    await tracer.close();
  }
}

describe('a stage that keeps its best epoch', () => {
  it('goes on from the state that was best on the validation rows', async () => {
    for (const [method, stage, pruning] of [
      ['bert', 'regular', 'none'],
      ['ltp', 'hard', 'hard'],
    ] as const) {
      const seen: TrainEvent[] = [];
      const best = await run({ method, keep: 'best' }, { seen });
      const figures = figuresOf(stage, best.progress.history);
      expect(figures).toHaveLength(stage === 'regular' ? 6 : 5);
      expect(bestEpoch(figures), 'there is something to choose').toBeLessThan(figures.length - 1);
      expect((await judged(best, pruning)).accuracy).toBeCloseTo(Math.max(...figures), 12);
      const note = seen.flatMap((event) => (event.kind === 'note' ? [event.text] : [])).at(-1);
      expect(note).toContain(`${stage} stage: epoch ${bestEpoch(figures) + 1} is kept`);
      const last = await run({ method, keep: 'last' });
      if (stage === 'regular') expect((await judged(last, pruning)).accuracy).toBeCloseTo(figures.at(-1)!, 12);
    }
  });

  it('in the heads stage by the mean of the exit heads', async () => {
    const best = await run({ method: 'fastbert', keep: 'best' });
    const figures = figuresOf('heads', best.progress.history);
    const found = await judged(best, 'none');
    const heads = [1, 2].map((layer) => found[`accuracy.${layer}`]);
    expect((heads[0] + heads[1]) / 2).toBeCloseTo(Math.max(...figures), 12);
  });

  it('does so after it was stopped anywhere, bit for bit', async () => {
    const given: Given = { method: 'fastbert', keep: 'best' };
    const whole = weightsOf(await run(given));
    // 6 steps an epoch: within the second epoch, at the end of the third, within the heads stage (3 an epoch)
    for (const stopAt of [9, 18, 40]) {
      const name = `stopped at ${stopAt}`;
      await expect(run(given, { name, stopAt })).rejects.toMatchObject({ code: 'MP_TRAIN_STOPPED' });
      expect(weightsOf(await run(given, { name }))).toEqual(whole);
    }
  });
});

describe('a stage with patience', () => {
  it('is over once so many epochs were no better, and its successor goes on; the soft stage runs to its end', async () => {
    const seen: TrainEvent[] = [];
    const result = await run({ patience: 1 }, { seen });
    const { history } = result.progress;
    const figures = figuresOf(
      'regular',
      history.slice(
        0,
        history.findIndex(({ stage }) => stage === 'soft'),
      ),
    );
    expect(figures.length, 'there is something to end').toBeLessThan(6);
    expect(isOver(figures, 1)).toBe(true);
    expect(isOver(figures.slice(0, -1), 1)).toBe(false);
    expect(
      figuresOf(
        'soft',
        history.slice(
          0,
          history.findIndex(({ stage }) => stage === 'hard'),
        ),
      ),
    ).toHaveLength(2);
    expect(history.at(-1)!.stage).toBe('heads');
    const notes = seen.flatMap((event) => (event.kind === 'note' ? [event.text] : []));
    expect(notes.join('\n')).toContain(`the regular stage is over after epoch ${figures.length} of 6`);
  });

  it('goes on likewise after it was stopped', async () => {
    const given: Given = { patience: 1 };
    const whole = await run(given);
    const name = 'patient';
    await expect(run(given, { name, stopAt: 13 })).rejects.toMatchObject({ code: 'MP_TRAIN_STOPPED' });
    const resumed = await run(given, { name });
    expect(weightsOf(resumed)).toEqual(weightsOf(whole));
    expect(resumed.progress.history.map(({ stage, epoch }) => [stage, epoch])).toEqual(
      whole.progress.history.map(({ stage, epoch }) => [stage, epoch]),
    );
  });

  it('keeps the best, unless another is asked for', () => {
    const keep = (given: Given) => resolveTrainOptions({ train: 'a.csv', out: 'o', ...given }).keep;
    expect([keep({}), keep({ patience: 2 }), keep({ patience: 2, keep: 'last' })]).toEqual(['last', 'best', 'last']);
  });
});

describe('the epochs of a stage', () => {
  const epoch = (stage: string, at: number, accuracy: number) => ({
    ...{
      kind: 'epoch' as const,
      stage,
      epoch: at,
      loss: 1,
      seconds: 1,
      validation: { accuracy, 'accuracy.1': accuracy / 2 },
    },
  });

  it('are those since it began, however often it was there before', () => {
    const history = [epoch('heads', 0, 0.2), epoch('soft', 0, 0.4), epoch('heads', 0, 0.6), epoch('heads', 1, 0.8)];
    expect(figuresOf('heads', history)).toEqual([0.3, 0.4]);
    expect(figuresOf('soft', history.slice(0, 2))).toEqual([0.4]);
    expect(figuresOf('hard', history)).toEqual([]);
  });

  it('are equally good: the later is the best, and waiting counts from the earlier', () => {
    expect(bestEpoch([0.5, 0.7, 0.7, 0.6])).toBe(2);
    expect(isOver([0.5, 0.7, 0.7], 2)).toBe(false);
    expect(isOver([0.5, 0.7, 0.7, 0.6], 2)).toBe(true);
    expect(isOver([0.5, 0.7, 0.7, 0.6], null)).toBe(false);
  });
});
