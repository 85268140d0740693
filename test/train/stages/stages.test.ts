import { beforeAll, describe, expect, it } from 'vitest';
import { headName } from '../../../src/pyramid/exits/head-name.ts';
import { softmax } from '../../../src/pyramid/logits.ts';
import { initialThresholds } from '../../../src/pyramid/prune.ts';
import { float32 } from '../../../src/runtime/runtime.ts';
import { type EncodedSet, packBatch } from '../../../src/train/batch.ts';
import type { TrainEvent } from '../../../src/train/events.ts';
import type { MethodName, TrainOptions } from '../../../src/train/options/defaults.ts';
import {
  type MethodResult,
  runMethod,
  type SharedStages,
  startingDelta,
} from '../../../src/train/stages/run-method.ts';
import { stageSettings } from '../../../src/train/stages/stage-settings.ts';
import { addHeads } from '../../../src/train/start/exit-heads.ts';
import { labelWeights } from '../../../src/train/start/label-weights.ts';
import { halfDepth } from '../../../src/train/start/starting-model.ts';
import { copyState, type ModelState, tensorOf } from '../../../src/train/state.ts';
import { featureScales } from '../../../src/train/step/feature-scales.ts';
import { HeadsStep } from '../../../src/train/step/heads-step.ts';
import { TrainingStep } from '../../../src/train/step/step.ts';
import { HeadsTracer } from '../../../src/train/trace/heads-tracer.ts';
import { Tracer } from '../../../src/train/trace/tracer.ts';
import { compile, cpu } from '../../support/cpu.ts';
import { distance, relativeDistance } from '../../support/golden.ts';
import { scratchDataset, tinyOptions, tinyStart } from '../../support/scratch-data.ts';

const dataset = scratchDataset({ rows: 40 });
const frozen: Partial<TrainOptions> = { exitTraining: 'frozen', exitHead: 'cls' };
let start: ModelState;
let set: EncodedSet;

beforeAll(async () => {
  ({ state: start, set } = await tinyStart(dataset, tinyOptions()));
});

interface Ran extends MethodResult {
  readonly events: readonly TrainEvent[];
}

async function run(
  name: MethodName,
  given: Partial<TrainOptions> = {},
  { shared = undefined as SharedStages | undefined, from = start, rows = dataset } = {},
): Promise<Ran> {
  const options = tinyOptions({ method: name, ...given });
  const events: TrainEvent[] = [];
  const result = await runMethod({
    name,
    options,
    start: from,
    pairs: rows.pairs,
    train: set,
    validation: null,
    settings: stageSettings(options, rows, cpu),
    shared,
    onEvent: (event) => events.push(event),
  });
  return { ...result, events };
}

const stagesOf = ({ events }: Ran) => events.flatMap((event) => (event.kind === 'stage' ? [event.stage] : []));
const weightsOf = (state: ModelState) =>
  Object.fromEntries(
    [...state.parameters, ...state.heads, ['thresholds', { data: state.thresholds }] as const].map(
      ([name, { data }]) => [name, data],
    ),
  );
/** Names whose values differ. */
const changed = (a: ModelState, b: ModelState): string[] => {
  const before = weightsOf(a);
  return Object.entries(weightsOf(b)).flatMap(([name, data]) =>
    data && before[name] && Buffer.compare(bytes(data), bytes(before[name])) === 0 ? [] : data ? [name] : [],
  );
};
const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength);
const learnt = (names: readonly string[]) => names.filter((name) => !name.endsWith('self.key.bias'));

describe('the stages', () => {
  it.each<[MethodName, string[]]>([
    ['bert', ['regular']],
    ['distilbert', ['regular']],
    ['ltp', ['regular', 'soft', 'hard']],
    ['fastbert', ['regular', 'heads']],
    ['mp', ['regular', 'soft', 'hard', 'heads']],
  ])('of %s are %j', async (method, stages) => {
    const result = await run(method, frozen);
    expect(stagesOf(result)).toEqual(stages);
    expect(result.progress.history.map(({ stage }) => stage)).toEqual(stages);
    expect(result.state.thresholds === null).toBe(!stages.includes('soft'));
    expect(result.state.heads.size > 0).toBe(stages.includes('heads'));
  });

  it('leave the network that they start from as it was', async () => {
    const before = copyState(start);
    await run('mp', frozen);
    expect(changed(before, start)).toEqual([]);
    expect(start.thresholds).toBeNull();
    expect(start.heads.size).toBe(0);
  });

  it('that methods share run once, with the result of running them alone', async () => {
    const shared: SharedStages = new Map();
    const together: Record<string, Ran> = {};
    for (const method of ['bert', 'ltp', 'fastbert', 'mp'] as const)
      together[method] = await run(method, frozen, { shared });
    expect(Object.values(together).map(stagesOf)).toEqual([['regular'], ['soft', 'hard'], ['heads'], ['heads']]);
    for (const method of ['fastbert', 'ltp', 'mp'] as const) {
      const alone = await run(method, frozen);
      expect(changed(alone.state, together[method].state).filter((name) => name !== 'thresholds')).toEqual([]);
      if (method !== 'fastbert') expect(together[method].state.thresholds).toEqual(alone.state.thresholds);
      expect(together[method].progress.history.map(({ stage, loss }) => [stage, loss])).toEqual(
        alone.progress.history.map(({ stage, loss }) => [stage, loss]),
      );
    }
  });

  it('resume from the latest shared stage, whichever earlier ones are missing', async () => {
    const all: Map<string, MethodResult> = new Map();
    await run('ltp', frozen, { shared: all });
    const last = new Map([...all].slice(-1));
    expect([...last.keys()][0]).toMatch(/, hard \([^()]*\)$/);
    const late = await run('mp', frozen, { shared: last });
    expect(stagesOf(late)).toEqual(['heads']);
    expect(changed((await run('mp', frozen)).state, late.state)).toEqual([]);
  });

  it('with joint heads are not shared with those without', async () => {
    const shared: SharedStages = new Map();
    await run('bert', frozen, { shared });
    const joint = await run('fastbert', { exitTraining: 'joint', exitHead: 'pooled' }, { shared });
    expect(stagesOf(joint)).toEqual(['regular', 'heads']);
    const again = await run('fastbert', { exitTraining: 'joint', exitHead: 'cls' }, { shared });
    expect(stagesOf(again)).toEqual(['regular', 'heads']);
  });

  it('with heads that train jointly from the soft stage on share the regular stage, fit the heads to it, and then train the network', async () => {
    const shared: SharedStages = new Map();
    const given = { exitTraining: 'joint', exitHead: 'pooled', jointFrom: 'soft' } as const;
    const bert = await run('bert', frozen, { shared });
    const joining = await run('mp', given, { shared });
    expect(stagesOf(joining)).toEqual(['heads', 'soft', 'hard', 'heads']);
    const none = { regular: 1, soft: 0, hard: 0, heads: 0 };
    const fitted = await run('mp', { ...given, epochs: { ...none, heads: 1 } });
    expect(stagesOf(fitted)).toEqual(['regular', 'heads', 'soft', 'hard', 'heads']);
    const longer = await run('mp', { ...given, epochs: { ...none, heads: 3 } });
    const epochs = longer.events.flatMap((event) => (event.kind === 'stage' ? [event.epochs] : []));
    expect(epochs, 'one epoch before they join, whatever comes after').toEqual([1, 1, 0, 0, 3]);
    const plain = await run('bert', { ...frozen, epochs: none });
    expect(changed(plain.state, fitted.state).filter((name) => bert.state.parameters.has(name))).toEqual([]);
    // the heads of the soft stage are those that were fitted, and the network learns by them
    const soft = await run('mp', { ...given, epochs: { ...none, soft: 1 } });
    const alone = await run('ltp', { epochs: { ...none, soft: 1 } });
    expect(changed(alone.state, soft.state)).toContain('bert.encoder.layer.0.output.dense.weight');
    const whole = await run('mp', given);
    expect(changed(whole.state, joining.state)).toEqual([]);
    // heads that were fitted otherwise lead to another network
    const otherwise = { ...given, headLearningRate: 0.5 };
    expect(stagesOf(await run('mp', otherwise, { shared }))).toEqual(['heads', 'soft', 'hard', 'heads']);
  });

  it('soft moves the thresholds from where they start; hard leaves them, and learns everything else', async () => {
    const none = { regular: 0, soft: 0, hard: 0, heads: 0 };
    const soft = await run('ltp', { delta: 0.15, epochs: { ...none, soft: 1 } });
    const initial = initialThresholds(start.config.layers, 0.15);
    for (const [layer, threshold] of soft.state.thresholds!.entries())
      expect(Math.abs(threshold - initial[layer]), `layer ${layer + 1}`).toBeGreaterThan(1e-6);
    const hard = await run('ltp', { delta: 0.15, epochs: { ...none, hard: 1 } });
    expect(hard.state.thresholds).toEqual(initial);
    expect(learnt(changed(start, hard.state)).length).toBeGreaterThan(start.parameters.size / 2);
  });

  it('chooses the initial thresholds from the length of the texts if Δ_L is auto, and says so', async () => {
    const epochs = { regular: 0, soft: 0, hard: 1, heads: 0 };
    const { state, events } = await run('ltp', { delta: 'auto', epochs });
    const mean = set.lengths.reduce((a, b) => a + b) / set.lengths.length;
    const delta = startingDelta('auto', set);
    expect(delta / (1 / mean)).toBeCloseTo(1, 1);
    expect(state.thresholds).toEqual(initialThresholds(start.config.layers, delta));
    expect(events).toContainEqual({
      kind: 'note',
      text: `Δ_L (the last layer's initial threshold) is ${delta}, from the mean length of the texts`,
    });
    const given = await run('ltp', { delta, epochs });
    expect(given.events.filter(({ kind }) => kind === 'note')).toEqual([]);
    expect(changed(state, given.state)).toEqual([]);
  });

  it.each([
    [[50, 100], 0.013],
    [[30], 0.033],
    [[70, 71], 0.014],
    [[1], 1],
  ])('start at Δ_L for texts of %j tokens: %d', (lengths, delta) =>
    expect(startingDelta('auto', { lengths: Int32Array.from(lengths) })).toBe(delta),
  );

  it('heads leaves the backbone, the classifier and the thresholds as they were, to the bit, and trains every head', async () => {
    for (const given of [frozen, { exitTraining: 'joint', exitHead: 'pooled', jointFrom: 'regular' }] as const) {
      const epochs = { regular: 1, soft: 1, hard: 1, heads: 0 };
      const before = await run('mp', { ...given, epochs });
      const after = await run('mp', { ...given, epochs: { ...epochs, heads: 1 } });
      expect(changed(before.state, after.state).sort()).toEqual([...after.state.heads.keys()].sort());
    }
  });

  it('heads with fastbert heads too', async () => {
    const epochs = { regular: 1, soft: 0, hard: 0, heads: 0 };
    const given = { exitTraining: 'frozen', exitHead: 'fastbert' } as const;
    const before = await run('mp', { ...given, epochs });
    const after = await run('mp', { ...given, epochs: { ...epochs, heads: 1 } });
    const moved = changed(before.state, after.state);
    expect(moved.every((name) => name.startsWith('pyramid.heads.'))).toBe(true);
    expect([...after.state.heads.keys()].filter((name) => !moved.includes(name) && !/key\.bias$/.test(name))).toEqual(
      [],
    );
  });

  it('regular trains joint heads with the backbone, and the backbone by them', async () => {
    const epochs = { regular: 1, soft: 0, hard: 0, heads: 0 };
    const joint = await run('fastbert', { exitTraining: 'joint', exitHead: 'pooled', epochs });
    const fresh = copyState(start);
    addHeads(fresh, 'pooled', false, tinyOptions().seed);
    expect([...joint.state.heads.keys()].filter((name) => !changed(fresh, joint.state).includes(name))).toEqual([]);
    const alone = await run('fastbert', { ...frozen, epochs });
    expect(changed(alone.state, joint.state)).toContain('bert.encoder.layer.0.output.dense.weight');
  });

  it('regular trains joint heads at a rate of their own, where there is one', async () => {
    const epochs = { regular: 1, soft: 0, hard: 0, heads: 0 };
    const given = { exitTraining: 'joint', exitHead: 'pooled', epochs } as const;
    const { state } = await run('fastbert', { ...given, jointHeadLearningRate: 1e-9 });
    const usual = await run('fastbert', given);
    const fresh = copyState(start);
    addHeads(fresh, 'pooled', false, tinyOptions().seed);
    const moved = (to: ModelState, name: string) => distance(tensorOf(fresh, name).data, tensorOf(to, name).data);
    const head = headName(1, 'dense.weight');
    expect(moved(state, head)).toBeLessThan(moved(usual.state, head) / 100);
    const block = 'bert.encoder.layer.0.output.dense.weight';
    expect(moved(state, block)).toBeGreaterThan(moved(usual.state, block) / 2);
  });
});

describe('dropout', () => {
  const epochs = { regular: 1, soft: 0, hard: 0, heads: 0 };
  const without = (state: ModelState): ModelState => ({
    ...state,
    config: { ...state.config, hiddenDropout: 0, attentionDropout: 0 },
  });
  const judged = async (state: ModelState) => {
    const tracer = await Tracer.create(state, 'none', compile);
    try {
      return await tracer.trace(set);
    } finally {
      await tracer.close();
    }
  };

  it('is on in training', async () => {
    const [on, off] = [await run('bert', { epochs }), await run('bert', { epochs }, { from: without(start) })];
    expect(on.progress.history[0].loss).not.toBe(off.progress.history[0].loss);
  });

  it('is off in evaluation', async () => {
    expect(await judged(start)).toEqual(await judged(without(start)));
    expect(await judged(start)).toEqual(await judged(start));
  });
});

describe('the seed', () => {
  it('gives the same weights again, and another seed others', async () => {
    const [first, again, other] = [await run('mp'), await run('mp'), await run('mp', { seed: 1 })];
    expect(changed(first.state, again.state)).toEqual([]);
    expect(learnt(changed(first.state, other.state)).length).toBeGreaterThan(first.state.parameters.size / 2);
  });

  it('gives the same weights on two threads, time and again', async () => {
    const epochs = { regular: 2, soft: 0, hard: 0, heads: 0 };
    const wide = { hiddenSize: 64, intermediateSize: 256, threads: 2, batchSize: 16, method: 'bert' } as const;
    const { state } = await tinyStart(dataset, tinyOptions(wide));
    const first = await run('bert', { ...wide, epochs }, { from: state });
    for (let again = 0; again < 3; again++) {
      const { state: other } = await run('bert', { ...wide, epochs }, { from: state });
      expect(changed(first.state, other)).toEqual([]);
    }
  });

  it('makes the network too', async () => {
    const network = async (seed: number) => (await tinyStart(dataset, tinyOptions({ seed }))).state;
    const first = await network(3);
    expect(changed(first, await network(3))).toEqual([]);
    expect(changed(first, await network(4))).toContain('classifier.weight');
  });
});

describe('cached features of the heads stage', () => {
  /** A trained state with fresh heads; no dropout, so that both ways compute the same function. */
  async function prepared(kind: 'cls' | 'pooled', prunes: boolean): Promise<ModelState> {
    const { state } = await run('ltp', { delta: 0.15 });
    const quiet: ModelState = {
      ...copyState(state),
      config: { ...state.config, hiddenDropout: 0, attentionDropout: 0 },
    };
    if (!prunes) quiet.thresholds = null;
    addHeads(quiet, kind, false, 5);
    // it is sure of what it says: losses are of a size to compare
    const classifier = tensorOf(quiet, 'classifier.weight').data;
    classifier.set(classifier.map((w) => 50 * w));
    return quiet;
  }

  it.each([
    ['cls', true],
    ['pooled', true],
    ['pooled', false],
  ] as const)('train %s heads (pruned: %s) as running the whole network does', async (kind, prunes) => {
    const cached = await prepared(kind, prunes);
    const whole = copyState(cached);
    const settings = { weightDecay: 0.01, clip: 0, pooledDropout: 0, compile };
    const pruning = prunes ? 'hard' : 'none';
    const tracer = await Tracer.create(cached, pruning, compile);
    const judged = await tracer.trace(set);
    const fewer = judged.reduce((sum, { tokens }) => sum + tokens[0] - tokens.at(-1)!, 0);
    if (prunes) expect(fewer).toBeGreaterThan(0);
    const data = await tracer.headInputs(set);
    const headsStep = await HeadsStep.create(cached, data, settings);
    const headsTracer = await HeadsTracer.create(cached, tracer, set, compile);
    const wholeStep = await TrainingStep.create(whole, {
      ...settings,
      objective: 'distill',
      pruning,
      jointWeight: 0,
      jointTargets: 'labels',
      temperature: 1,
      lambda: 0,
      dropout: true,
    });
    const labels = cached.config.labels.length;
    for (let step = 1; step <= 6; step++) {
      const indices = Array.from({ length: 8 }, (_, i) => (step * 7 + i * 3) % set.lengths.length);
      const a = await headsStep.run(indices, 1e-2, step, `step ${step}`);
      const b = await wholeStep.run(
        packBatch(set, indices),
        { targets: float32(new Float32Array(8 * labels), 8, labels), weights: float32(new Float32Array(8), 8) },
        { weights: 0, heads: 0, thresholds: 0 },
        step,
        `step ${step}`,
      );
      expect(a.loss).toBeGreaterThan(0);
      expect(Math.abs(a.loss - b.loss) / b.loss).toBeLessThan(1e-4);
      if (step === 1) {
        const squares = [...headsStep.optimiser.moments.values()].flatMap(({ m }) =>
          Array.from(m, (v) => (10 * v) ** 2),
        );
        expect(Math.sqrt(squares.reduce((a, b) => a + b)) / a.norm).toBeCloseTo(1, 4);
        // clipped, they are shorter by as much as the norm was too large
        const clipped = await HeadsStep.create(copyState(whole), data, { ...settings, clip: a.norm / 3 });
        await clipped.run(indices, 1e-2, step, `step ${step}`);
        for (const [name, { m }] of clipped.optimiser.moments)
          expect(
            relativeDistance(
              m.map((v) => 3 * v),
              headsStep.optimiser.moments.get(name)!.m,
            ),
            name,
          ).toBeLessThan(1e-4);
        await clipped.close();
        // first moments are a tenth of the gradients; that of W = Ŵ / σ, b = b̂ − W μ is ∂Ŵ σ + ∂b̂ μ
        const ours = (name: string) => headsStep.optimiser.moments.get(name)!.m;
        const theirs = (name: string) => wholeStep.optimiser.moments.get(name)!.m;
        for (const [i, features] of data.features.entries()) {
          const { means, deviations } = featureScales(features, data.featureSize, cached.config.hiddenSize);
          const [weight, bias] = [headName(i + 1, 'dense.weight'), headName(i + 1, 'dense.bias')];
          const expected = ours(weight).map((m, at) => {
            const [out, feature] = [Math.floor(at / data.featureSize), at % data.featureSize];
            return m * deviations[feature] + ours(bias)[out] * means[feature];
          });
          expect(relativeDistance(expected, theirs(weight)), weight).toBeLessThan(1e-4);
          for (const name of [bias, headName(i + 1, 'out.weight'), headName(i + 1, 'out.bias')])
            expect(relativeDistance(ours(name), theirs(name)), name).toBeLessThan(1e-4);
        }
      }
      headsStep.settle();
      for (const [name, { data }] of cached.heads) tensorOf(whole, name).data.set(data);
    }
    // the heads as they are now, not as they were when the judging was made
    const learned = await tracer.trace(set);
    (await headsTracer.trace()).forEach(({ tokens, logits }, text) => {
      expect(tokens).toEqual(learned[text].tokens);
      logits.forEach((values, i) => {
        expect(distance(values, learned[text].logits[i])).toBeLessThan(1e-5);
      });
      expect(distance(logits[0], judged[text].logits[0])).toBeGreaterThan(1e-3);
    });
    for (const open of [headsStep, headsTracer, tracer, wholeStep]) await open.close();
  });

  it('of pooled heads are left out by the share that is asked for, those of cls heads are not', async () => {
    for (const kind of ['pooled', 'cls'] as const) {
      const state = await prepared(kind, false);
      const tracer = await Tracer.create(state, 'none', compile);
      const data = await tracer.headInputs(set);
      await tracer.close();
      const step = await HeadsStep.create(state, data, { weightDecay: 0, clip: 0, pooledDropout: 0.5, compile });
      await step.run([3], 0, 1, 'a step');
      // what one text's step leaves out has no gradient, in any of the first layer's rows
      const { m } = step.optimiser.moments.get(headName(1, 'dense.weight'))!;
      const left = Array.from({ length: data.featureSize }, (_, i) =>
        m.every((value, at) => at % data.featureSize !== i || value === 0),
      ).filter(Boolean).length;
      await step.close();
      const share = kind === 'pooled' ? 0.5 : 0;
      expect(Math.abs(left / data.featureSize - share)).toBeLessThanOrEqual(share * 0.3);
    }
  });

  it("are what the heads read: a head's own layers on them give its logits", async () => {
    const state = await prepared('pooled', true);
    const tracer = await Tracer.create(state, 'hard', compile);
    const { features, featureSize, teacher } = await tracer.headInputs(set);
    const judged = await tracer.trace(set);
    await tracer.close();
    const d = state.config.hiddenSize;
    expect(featureSize).toBe(2 * d);
    const linear = (name: string, x: readonly number[], out: number) => {
      const weight = tensorOf(state, `${name}.weight`).data;
      const bias = tensorOf(state, `${name}.bias`).data;
      return Array.from({ length: out }, (_, o) =>
        x.reduce((sum, v, i) => sum + v * weight[o * x.length + i], bias[o]),
      );
    };
    judged.forEach(({ logits }, text) => {
      for (let layer = 1; layer < state.config.layers; layer++) {
        const x = Array.from(features[layer - 1].subarray(text * featureSize, (text + 1) * featureSize));
        const inner = linear(headName(layer, 'dense'), x, d).map(Math.tanh);
        expect(distance(linear(headName(layer, 'out'), inner, 2), logits[layer - 1])).toBeLessThan(1e-5);
      }
      expect(distance(logits.at(-1)!, teacher.subarray(2 * text, 2 * text + 2))).toBe(0);
    });
  });
});

describe('joint heads', () => {
  it('learn what the main classifier says, which does not move towards them', async () => {
    const state = copyState(start);
    addHeads(state, 'pooled', false, 1);
    // answers that differ from each other and from the labels
    for (const [name, { data }] of [...state.parameters, ...state.heads])
      if (/classifier.weight|out.weight/.test(name)) data.set(data.map((w) => 60 * w));
    const common = { objective: 'task', pruning: 'none', temperature: 1, lambda: 0 } as const;
    const quiet = { weightDecay: 0, clip: 0, dropout: false, compile } as const;
    const indices = [0, 1, 2, 3, 4, 5];
    const targets = Float32Array.from(indices.flatMap((i) => (set.labels[i] === 0 ? [1, 0] : [0, 1])));
    const gradients = async (jointWeight: number, jointTargets: 'labels' | 'classifier') => {
      const own = copyState(state);
      const step = await TrainingStep.create(own, { ...common, ...quiet, jointWeight, jointTargets });
      const { loss } = await step.run(
        packBatch(set, indices),
        {
          targets: float32(targets, indices.length, 2),
          weights: float32(new Float32Array(indices.length).fill(1), indices.length),
        },
        { weights: 0, heads: 0, thresholds: 0 },
        1,
        '',
      );
      await step.close();
      return { loss, of: (name: string) => step.optimiser.moments.get(name)?.m };
    };
    const alone = await gradients(0, 'labels');
    const [taught, labelled] = [await gradients(0.5, 'classifier'), await gradients(0.5, 'labels')];
    const tracer = await Tracer.create(state, 'none', compile);
    const judged = await tracer.trace(set);
    await tracer.close();
    const divergence = (teacher: readonly number[], student: readonly number[]) => {
      const [p, q] = [softmax(teacher), softmax(student)];
      return p.reduce((sum, share, i) => sum + share * Math.log(share / q[i]), 0);
    };
    const mean = indices
      .map((i) =>
        judged[i].logits.slice(0, -1).reduce((sum, logits) => sum + divergence(judged[i].logits.at(-1)!, logits), 0),
      )
      .reduce((a, b) => a + b / indices.length, 0);
    expect(mean).toBeGreaterThan(0.01);
    expect(taught.loss).toBeCloseTo(alone.loss + 0.5 * mean, 4);
    expect(Math.abs(labelled.loss - taught.loss)).toBeGreaterThan(0.01);
    const last = `bert.encoder.layer.${state.config.layers - 1}.output.dense.weight`;
    for (const name of ['classifier.weight', 'bert.pooler.dense.weight', last])
      expect(relativeDistance(taught.of(name)!, alone.of(name)!), name).toBeLessThan(1e-5);
    const first = 'bert.encoder.layer.0.output.dense.weight';
    expect(relativeDistance(taught.of(first)!, alone.of(first)!)).toBeGreaterThan(1e-2);
    expect(taught.of(headName(1, 'dense.weight'))!.some((value) => value !== 0)).toBe(true);
  });
});

describe('class weights', () => {
  const uneven = { ...dataset, examples: dataset.examples.filter(({ label }, i) => label === 0 || i % 8 === 1) };

  it('auto is inverse to how often a label occurs, and 1 on average over the rows', () => {
    const weights = labelWeights('auto', uneven);
    expect(weights[1]).toBeGreaterThan(weights[0]);
    const mean = uneven.examples.reduce((sum, { label }) => sum + weights[label], 0) / uneven.examples.length;
    expect(mean).toBeCloseTo(1, 10);
    expect(labelWeights({ 'topic 1': 3 }, uneven)).toEqual([1, 3]);
    expect(() => labelWeights({ spam: 3 }, uneven)).toThrow('the labels are topic 0, topic 1');
  });

  it('reach the main classifier and every exit head', async () => {
    const state = copyState(start);
    addHeads(state, 'pooled', false, 1);
    const settings = {
      objective: 'task',
      pruning: 'none',
      jointWeight: 0.3,
      jointTargets: 'labels',
      temperature: 1,
      lambda: 0,
      weightDecay: 0,
      clip: 0,
      dropout: false,
      compile,
    } as const;
    const indices = [0, 1, 2, 3];
    const weights = [1, 5, 1, 5];
    const targets = Float32Array.from(indices.flatMap((i) => (set.labels[i] === 0 ? [1, 0] : [0, 1])));
    const lossWith = async (rowWeights: readonly number[]) => {
      const step = await TrainingStep.create(copyState(state), settings);
      const { loss } = await step.run(
        packBatch(set, indices),
        { targets: float32(targets, 4, 2), weights: float32(Float32Array.from(rowWeights), 4) },
        { weights: 0, heads: 0, thresholds: 0 },
        1,
        '',
      );
      await step.close();
      return loss;
    };
    const tracer = await Tracer.create(state, 'none', compile);
    const judged = await tracer.trace(set);
    await tracer.close();
    const crossEntropy = (z: readonly number[], label: number) =>
      Math.log(z.reduce((s, v) => s + Math.exp(v - z[label]), 0));
    const expected = (rowWeights: readonly number[]) => {
      const layerLoss = (layer: number) => {
        const total = indices.reduce(
          (sum, i, at) => sum + rowWeights[at] * crossEntropy(judged[i].logits[layer], set.labels[i]),
          0,
        );
        return total / rowWeights.reduce((a, b) => a + b, 0);
      };
      return layerLoss(2) + 0.3 * (layerLoss(0) + layerLoss(1));
    };
    expect(await lossWith(weights)).toBeCloseTo(expected(weights), 5);
    expect(await lossWith([1, 1, 1, 1])).toBeCloseTo(expected([1, 1, 1, 1]), 5);
    expect(Math.abs(expected(weights) - expected([1, 1, 1, 1]))).toBeGreaterThan(1e-3);
  });

  it('from the settings reach the steps: a weighted run has other weights', async () => {
    const plain = await run('bert', {}, { rows: dataset });
    const weighted = await run('bert', { classWeights: { 'topic 1': 4 } }, { rows: dataset });
    expect(changed(plain.state, weighted.state)).toContain('classifier.bias');
  });
});

describe('a student', () => {
  it('takes every other layer of the model, from the first, and everything outside of them', () => {
    const student = halfDepth(start);
    expect(start.config.layers).toBe(3);
    expect(student.config.layers).toBe(2);
    const layerOf = (state: ModelState, layer: number) =>
      [...state.parameters].flatMap(([name, { data }]) => (name.includes(`.layer.${layer}.`) ? [data] : []));
    expect(layerOf(student, 0)).toEqual(layerOf(start, 0));
    expect(layerOf(student, 1)).toEqual(layerOf(start, 2));
    expect(layerOf(student, 1)).not.toEqual(layerOf(start, 1));
    expect(layerOf(student, 2)).toEqual([]);
    for (const [name, { data }] of student.parameters) {
      if (!name.includes('.layer.')) expect(data, name).toEqual(start.parameters.get(name)!.data);
      expect(data.buffer, name).not.toBe(start.parameters.get(name)!.data.buffer);
    }
  });

  it('from scratch has half the layers, rounded up', async () => {
    const { state } = await tinyStart(dataset, tinyOptions({ method: 'distilbert' }), true);
    expect(state.config.layers).toBe(2);
  });
});

describe('a step', () => {
  it('changes nothing when its loss is not finite', async () => {
    const state = copyState(start);
    const step = await TrainingStep.create(state, {
      objective: 'task',
      pruning: 'none',
      temperature: 1,
      lambda: 0,
      weightDecay: 0.1,
      clip: 1,
      dropout: false,
      compile,
      jointWeight: 0,
      jointTargets: 'labels',
    });
    const indices = [0, 1, 2, 3];
    const targets = float32(new Float32Array(8).fill(0.5), 4, 2);
    const rates = { weights: 0.1, heads: 0.1, thresholds: 0.1 };
    const run = (weight: number, at: number) =>
      step.run(
        packBatch(set, indices),
        { targets, weights: float32(new Float32Array(4).fill(weight), 4) },
        rates,
        at,
        '',
      );
    expect((await run(Number.POSITIVE_INFINITY, 1)).loss).toBeNaN();
    step.words.settle();
    expect(changed(start, state)).toEqual([]);
    expect([...step.optimiser.moments.values()].every(({ m }) => m.every((value) => value === 0))).toBe(true);
    expect((await run(1, 1)).loss).toBeGreaterThan(0);
    expect(changed(start, state).length).toBeGreaterThan(0);
    await step.close();
  });
});
