/** A step on several batches, smoothed targets, and the rate of dropout. */
import { beforeAll, describe, expect, it } from 'vitest';
import { FAMILIES, parseConfig } from '../../../src/encoder/index.ts';
import { softmax } from '../../../src/pyramid/logits.ts';
import { problems } from '../../../src/pyramid/problem.ts';
import { float32, floats } from '../../../src/runtime/runtime.ts';
import type { EncodedSet } from '../../../src/train/batch.ts';
import type { TrainOptions } from '../../../src/train/options/defaults.ts';
import { runMethod } from '../../../src/train/stages/run-method.ts';
import { stageSettings } from '../../../src/train/stages/stage-settings.ts';
import { createStageStep } from '../../../src/train/stages/stage-steps.ts';
import { withDropout } from '../../../src/train/start/dropout-rate.ts';
import { copyState, type ModelState, tensorOf } from '../../../src/train/state.ts';
import { cpu } from '../../support/cpu.ts';
import { relativeDistance } from '../../support/golden.ts';
import { DEBERTA } from '../../support/random-model.ts';
import { runGraph } from '../../support/run-graph.ts';
import { scratchDataset, tinyOptions, tinyStart } from '../../support/scratch-data.ts';

const rows = scratchDataset({ rows: 40, labels: 3 });
let start: ModelState;
let set: EncodedSet;

beforeAll(async () => {
  ({ state: start, set } = await tinyStart(rows, tinyOptions({ dropout: 0 })));
  // it is sure of what it says: losses differ by more than rounding
  const classifier = tensorOf(start, 'classifier.weight').data;
  classifier.set(classifier.map((w) => 50 * w));
});

/** The state after steps on these batches, with what each step said. */
async function stepped(steps: readonly (readonly (readonly number[])[])[], given: Partial<TrainOptions> = {}) {
  const options = tinyOptions({ dropout: 0, weightDecay: 0.1, ...given });
  const state = copyState(start);
  const settings = { ...stageSettings(options, rows, cpu), jointWeight: 0 };
  const step = await createStageStep({
    ...{ stage: 'regular', prunes: false, state, train: set, settings, onEvent: () => {} },
  });
  const said = [];
  for (const [i, batches] of steps.entries()) said.push(await step.run(batches, 1, i + 1, `step ${i}`));
  step.settle();
  const moments = new Map([...step.moments().moments].map(([name, { m }]) => [name, m.slice()]));
  const words = step.moments().words!.moments.m.slice();
  await step.close();
  return { state, said, moments, words };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('gradient accumulation', () => {
  it.each([
    ['none', [range(0, 8), range(8, 16)]],
    ['none', [range(0, 12), range(12, 16)]], // of unequal size
    [{ 'topic 0': 3, 'topic 2': 0.2 }, [range(0, 6), range(6, 16)]],
  ] as const)('makes of batches the step of all their rows at once (class weights %o)', async (classWeights, parts) => {
    const second = [range(3, 9), range(20, 30)];
    const apart = await stepped([parts, second], { classWeights });
    const together = await stepped([[parts.flat()], [second.flat()]], { classWeights });
    for (const [i, { loss, norm }] of together.said.entries()) {
      expect(apart.said[i].loss / loss).toBeCloseTo(1, 5);
      expect(apart.said[i].norm / norm).toBeCloseTo(1, 5);
    }
    // float32 sums in another order
    for (const [name, moments] of together.moments)
      expect(relativeDistance(apart.moments.get(name)!, moments), name).toBeLessThan(1e-4);
    expect(relativeDistance(apart.words, together.words)).toBeLessThan(1e-4);
    const half = await stepped([[parts[0]], [second[0]]], { classWeights });
    expect(relativeDistance(half.words, together.words)).toBeGreaterThan(1e-2);
  });

  it('has one step for so many batches, the last with what is left', async () => {
    const steps = async (given: Partial<TrainOptions>) => {
      const options = tinyOptions({ method: 'bert', epochs: { regular: 2, soft: 0, hard: 0, heads: 0 }, ...given });
      const counts: number[] = [];
      const result = await runMethod({
        ...{ name: 'bert', options, start, pairs: false, train: set, validation: null },
        settings: stageSettings(options, rows, cpu),
        onEvent: (event) => event.kind === 'stage' && counts.push(event.steps),
      });
      return { counts, weights: result.state.parameters.get('classifier.weight')!.data };
    };
    // 40 rows in batches of 8: 5 batches an epoch
    expect((await steps({})).counts).toEqual([10]);
    const two = await steps({ gradientAccumulation: 2 });
    expect(two.counts).toEqual([6]);
    expect((await steps({ gradientAccumulation: 2 })).weights).toEqual(two.weights);
    expect((await steps({ gradientAccumulation: 100 })).counts).toEqual([2]);
  });
});

describe('label smoothing', () => {
  it('gives the loss of (1 − ε) of the own label and ε of all alike', async () => {
    const smoothing = 0.2;
    const batch = range(0, 7);
    const { said } = await stepped([[batch]], { labelSmoothing: smoothing });
    const logits = await logitsOf(start, set, batch);
    const expected = batch.map((row, i) => {
      const scores = softmax(logits.subarray(3 * i, 3 * i + 3));
      const each = scores.reduce((sum, score) => sum - Math.log(score) / 3, 0);
      return (1 - smoothing) * -Math.log(scores[set.labels[row]]) + smoothing * each;
    });
    const mean = expected.reduce((a, b) => a + b) / batch.length;
    expect(said[0].loss).toBeCloseTo(mean, 5);
    const plain = (await stepped([[batch]])).said[0].loss;
    expect(Math.abs(plain - mean)).toBeGreaterThan(1e-3);
  });

  it('gives each of any number of labels half of ε either way', async () => {
    const targets = rows.examples.map((_, i) => [i % 2, 1, 0]);
    const several = { ...rows, problemType: 'multi_label_classification' as const };
    several.examples = rows.examples.map((example, i) => ({ ...example, label: -1, target: targets[i] }));
    const { state, set: encoded } = await tinyStart(several, tinyOptions({ dropout: 0 }));
    const options = tinyOptions({ dropout: 0, labelSmoothing: 0.4 });
    const step = await createStageStep({
      ...{ stage: 'regular', prunes: false, state: copyState(state), train: encoded },
      ...{ settings: { ...stageSettings(options, several, cpu), jointWeight: 0 }, onEvent: () => {} },
    });
    const batch = range(0, 6);
    const { loss } = await step.run([batch], 0, 1, 'a');
    await step.close();
    const logits = await logitsOf(state, encoded, batch);
    const smooth = batch.flatMap((row) => targets[row].map((has) => (has === 1 ? 0.8 : 0.2)));
    const { out } = await runGraph(
      (g) => {
        const z = g.input('z', 'float32', [6, 3]);
        const t = g.input('t', 'float32', [6, 3]);
        const w = g.input('w', 'float32', [6]);
        return { out: problems.multi_label_classification.loss(g, z, t, w) };
      },
      {
        z: float32(logits, 6, 3),
        t: float32(Float32Array.from(smooth), 6, 3),
        w: float32(new Float32Array(6).fill(1), 6),
      },
    );
    expect(loss).toBeCloseTo(floats(out)[0], 5);
  });

  it('is refused where rows have numbers', () => {
    const numbers = { ...rows, problemType: 'regression' as const };
    numbers.examples = rows.examples.map((example, i) => ({ ...example, label: -1, target: [i] }));
    expect(() => stageSettings(tinyOptions({ labelSmoothing: 0.1 }), numbers, cpu)).toThrow(
      expect.objectContaining({ code: 'MP_USAGE' }),
    );
  });
});

describe('the rate of dropout', () => {
  it('is what the model says, and what the option says instead', async () => {
    const config = async (dropout: number | null) => (await tinyStart(rows, tinyOptions({ dropout }))).state.config;
    const rates = ({
      embeddingDropout,
      hiddenDropout,
      attentionDropout,
      attentionOutputDropout,
      classifierDropout,
    }: ModelState['config']) => [
      embeddingDropout,
      hiddenDropout,
      attentionDropout,
      attentionOutputDropout,
      classifierDropout,
    ];
    expect(rates(await config(null))).toEqual([0.1, 0.1, 0.1, 0.1, 0.1]);
    expect(rates(await config(0.3))).toEqual([0.3, 0.3, 0.3, 0.3, 0.3]);
    expect(rates(await config(0))).toEqual([0, 0, 0, 0, 0]);
    expect((await config(0.3)).labels).toEqual(rows.labels);
  });

  it('reaches every place at which a family drops', () => {
    for (const family of Object.keys(FAMILIES) as (keyof typeof FAMILIES)[]) {
      if (family === 'linear') continue; // nothing to drop
      const { keys } = FAMILIES[family];
      const sizes = { vocabularySize: 50, hiddenSize: 16, layers: 2, heads: 2, intermediateSize: 32, maxPositions: 40 };
      const named = Object.entries(sizes).map(([name, size]) => [keys[name as keyof typeof sizes], size]);
      const own = family === 'deberta-v2' ? DEBERTA : {};
      const raw = { model_type: family, pad_token_id: 0, num_labels: 2, ...own, ...Object.fromEntries(named) };
      const set = withDropout(parseConfig(raw, family), 0.25);
      const { embeddingDropout, hiddenDropout, attentionDropout, attentionOutputDropout, classifierDropout } = set;
      const all = [embeddingDropout, hiddenDropout, attentionDropout, attentionOutputDropout, classifierDropout];
      expect([family, all.filter((rate) => rate !== 0.25 && rate !== 0)]).toEqual([family, []]);
      expect([family, embeddingDropout, hiddenDropout, attentionDropout]).toEqual([family, 0.25, 0.25, 0.25]);
    }
  });

  it('changes what is learned, and the same seed gives the same again', async () => {
    const weights = async (dropout: number) => {
      const options = tinyOptions({ method: 'bert', dropout });
      const { state } = await tinyStart(rows, options);
      const settings = stageSettings(options, rows, cpu);
      const run = { name: 'bert' as const, options, start: state, pairs: false, train: set, validation: null };
      const result = await runMethod({ ...run, settings, onEvent: () => {} });
      return result.state.parameters.get('classifier.weight')!.data;
    };
    const [none, some] = [await weights(0), await weights(0.5)];
    expect(none).not.toEqual(some);
    expect(await weights(0.5)).toEqual(some);
  });
});

async function logitsOf(state: ModelState, encoded: EncodedSet, batch: readonly number[]): Promise<Float32Array> {
  const { Tracer } = await import('../../../src/train/trace/tracer.ts');
  const { compile } = await import('../../support/cpu.ts');
  const tracer = await Tracer.create(state, 'none', compile);
  try {
    const traced = await tracer.trace(encoded);
    return Float32Array.from(batch.flatMap((row) => [...traced[row].logits.at(-1)!]));
  } finally {
    await tracer.close();
  }
}
