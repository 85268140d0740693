/**
 * The network of each family against transformers' own in float64 (scripts/make-family-golden.py): dense, with soft and with
 * hard pruning, hidden states, importance, logits, loss and every gradient; three steps of AdamW; and the peek beside the layer.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { distanceBucket } from '../../src/encoder/distance-bucket.ts';
import {
  type EncoderConfig,
  type FamilyName,
  keysFold,
  type Parameters,
  readConfig,
  readWeights,
  underOwnNames,
  WORD_EMBEDDINGS,
  writeSafetensors,
} from '../../src/encoder/index.ts';
import { bucketOf } from '../../src/encoder/relative-positions.ts';
import { backward, Graph, type Value } from '../../src/graph/index.ts';
import { headSettings } from '../../src/pyramid/exits/exits.ts';
import { type Network, network, type Pruning, THRESHOLDS } from '../../src/pyramid/network.ts';
import { peek } from '../../src/pyramid/peek.ts';
import { problems } from '../../src/pyramid/problem.ts';
import { maskShare } from '../../src/pyramid/prune.ts';
import { bigints, float32, floats, integers, type Tensor } from '../../src/runtime/runtime.ts';
import { packBatch } from '../../src/train/batch.ts';
import { NO_HEADS } from '../../src/train/state.ts';
import { TrainingStep } from '../../src/train/step/step.ts';
import { compile } from '../support/cpu.ts';
import { draws } from '../support/draws.ts';
import { distance } from '../support/golden.ts';
import { inputWeights, parameterTensors } from '../support/packed.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { goldens, tinyTensors } from '../support/tiny-family.ts';

type Numbers = readonly number[];
interface Mode {
  readonly hidden: readonly Numbers[];
  readonly scores: readonly Numbers[];
  readonly lengths: readonly Numbers[];
  readonly logits: readonly Numbers[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Numbers>>;
}
/** Where another begins, from −600 to 600. */
type Buckets = readonly (readonly [distance: number, bucket: number])[];
interface NetworkGolden {
  readonly thresholds: Numbers;
  readonly temperature: number;
  readonly labels: Numbers;
  readonly lambda: number;
  readonly buckets?: Buckets;
  readonly distance_buckets?: readonly { readonly buckets: number; readonly span: number; readonly begins: Buckets }[];
  readonly dense: Mode;
  readonly soft: Mode;
  readonly hard: Mode;
  readonly adamw: {
    readonly steps: number;
    readonly lr: number;
    readonly weight_decay: number;
    readonly clip: number;
    readonly losses: Numbers;
    readonly norms: Numbers;
    readonly moved: Readonly<Record<string, Numbers>>;
  };
}
const networks: Readonly<Record<string, NetworkGolden>> = JSON.parse(
  readFileSync('test/golden/families-network-golden.json', 'utf8'),
);

/** float32 against float64 over two layers; values are up to 6. */
const FORWARD = 1e-5;
/** Of the largest value. */
const GRADIENT = 2e-5;
const problem = problems.single_label_classification;
const root = temporaryFolder();

/** The largest value and three products; of a product n values' rounding is √n of one's. */
function expectProducts(
  actual: Float32Array,
  [largest, ...products]: Numbers,
  scale: number,
  most: number,
  name: string,
) {
  const found = actual.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  expect(Math.abs(found - largest) / scale, name).toBeLessThan(most);
  const next = draws(3);
  for (const product of products) {
    const along = next(actual.length).reduce((sum, u, i) => sum + u * actual[i], 0);
    expect(Math.abs(along - product) / scale / Math.sqrt(actual.length), name).toBeLessThan(most);
  }
}

describe.each(Object.keys(networks) as FamilyName[])('the network of %s', (family) => {
  const golden = networks[family];
  const { texts } = goldens[family];
  let config: EncoderConfig;
  let stored: Parameters;

  beforeAll(async () => {
    const dir = join(root, family);
    mkdirSync(dir);
    writeFileSync(join(dir, 'config.json'), JSON.stringify(goldens[family].config));
    await writeSafetensors(join(dir, 'model.safetensors'), tinyTensors(goldens[family]));
    config = await readConfig(dir);
    stored = (await readWeights(dir, config)).parameters;
  });
  /** Under the names of the reference values, where several parameters may be one tensor. */
  const owned = (values: (name: string) => Float32Array, names: readonly string[]) =>
    underOwnNames(
      config,
      new Map(names.map((name) => [name, { shape: stored.get(name)?.shape ?? [config.layers], data: values(name) }])),
    );
  const { labels } = golden;
  const oneHot = () =>
    float32(Float32Array.from(labels.flatMap((label) => [0, 1, 2].map((c) => Number(c === label)))), texts.length, 3);
  const ones = () => float32(new Float32Array(texts.length).fill(1), texts.length);

  async function run(
    pruning: Pruning,
    outputs: (g: Graph, net: Network, weights: (name: string) => Value, loss: Value) => Record<string, Value>,
  ): Promise<Record<string, Tensor>> {
    const g = new Graph();
    const all = new Map(stored).set(THRESHOLDS, { shape: [config.layers], data: Float32Array.from(golden.thresholds) });
    const weights = inputWeights(g, all);
    const inputs = {
      words: g.gather(weights(WORD_EMBEDDINGS), g.input('ids', 'int64', ['N'])),
      types: g.input('types', 'int64', ['N']),
      sequence: g.input('sequence', 'int64', ['N']),
    };
    const targets = g.input('targets', 'float32', ['B', 3]);
    const heads = headSettings('none', false);
    const net = network(g, weights, config, inputs, { pruning, heads, temperature: g.scalar(golden.temperature) });
    const loss = problem.loss(g, net.logits, targets, g.input('rowWeights', 'float32', ['B']));
    for (const [name, value] of Object.entries(outputs(g, net, weights, loss))) g.output(name, value);
    const program = await compile(g, 'golden');
    try {
      return await program.run({
        ids: integers(texts.flatMap(({ ids }) => ids)),
        types: integers(texts.flatMap(({ types }) => types)),
        sequence: integers(texts.flatMap(({ ids }, text) => ids.map(() => text))),
        targets: oneHot(),
        rowWeights: ones(),
        ...parameterTensors(all),
      });
    } finally {
      await program.close();
    }
  }

  it.each<['dense' | 'soft' | 'hard', Pruning]>([
    ['dense', 'none'],
    ['soft', 'soft'],
    ['hard', 'hard'],
  ])('%s: hidden states, importance, tokens left, logits, loss and every gradient', async (mode, pruning) => {
    const expected = golden[mode];
    const names = [...stored.keys(), ...(pruning === 'soft' ? [THRESHOLDS] : [])];
    const result = await run(pruning, (g, net, weights, loss) => {
      const shares = net.masks.map((mask, layer) => maskShare(g, mask, net.layouts[layer]));
      const whole = shares.length
        ? g.add(
            loss,
            g.mul(
              shares.reduce((a, b) => g.add(a, b)),
              golden.lambda,
            ),
          )
        : loss;
      const gradients = backward(g, whole, names.map(weights));
      return {
        ...Object.fromEntries(net.hidden.map((x, layer) => [`hidden.${layer}`, x])),
        ...Object.fromEntries(net.scores.flatMap((score, layer) => (score ? [[`scores.${layer}`, score]] : []))),
        ...Object.fromEntries(net.layouts.map(({ lengths }, layer) => [`lengths.${layer}`, lengths])),
        ...Object.fromEntries(names.map((name, i) => [`gradient.${name}`, gradients[i]])),
        logits: net.logits,
        loss: whole,
      };
    });
    expected.hidden.forEach((values, layer) => {
      expectProducts(floats(result[`hidden.${layer}`]), values, values[0], FORWARD, `hidden.${layer}`);
    });
    if (pruning !== 'none') {
      expected.scores.forEach((values, layer) => {
        expect(distance(floats(result[`scores.${layer}`]), values), `scores.${layer}`).toBeLessThan(FORWARD);
      });
    }
    for (let layer = 0; layer <= config.layers; layer++) {
      const left = Array.from(bigints(result[`lengths.${layer}`]), Number);
      expect(left).toEqual(expected.lengths.map((text) => text[layer] ?? text[0]));
    }
    expect(distance(floats(result.logits), expected.logits.flat())).toBeLessThan(FORWARD);
    expect(distance(floats(result.loss), [expected.loss])).toBeLessThan(FORWARD);
    const gradients = owned((name) => floats(result[`gradient.${name}`]), names);
    expect([...gradients.keys()].sort()).toEqual(Object.keys(expected.gradients).sort());
    const nulls: string[] = [];
    for (const [own, { data }] of gradients) {
      const values = expected.gradients[own];
      // adding to all logits of a softmax changes nothing: the gradient is zero but for rounding, in the file too
      const isNull = values[0] < 1e-12;
      if (isNull) nulls.push(own);
      const scale = isNull ? expected.gradients[own.replace('bias', 'weight')][0] : values[0];
      expectProducts(data, values, scale, GRADIENT, own);
    }
    const keyBiases = names.filter((name) => name.endsWith('key.bias') && keysFold(config.form));
    expect(nulls.sort()).toEqual([...owned(() => new Float32Array(1), keyBiases).keys()].sort());
  });

  it('prunes tokens in its reference values, in the midst of a text too', () => {
    const { lengths } = golden.hard;
    expect(lengths.some((text) => text[1] < text[0] && text[1] > 2 && text[2] < text[1])).toBe(true);
  });

  it.each<Pruning>(['none', 'soft', 'hard'])(
    'peeks at [CLS] of every layer as the layer gives it (pruning: %s)',
    async (pruning) => {
      const result = await run(pruning, (g, net, weights) => {
        return Object.fromEntries(
          Array.from({ length: config.layers }, (_, layer) => [
            [`peek.${layer}`, peek(g, weights, config, layer, net.hidden[layer], net.layouts[layer]).cls],
            [`layer.${layer}`, g.takeRows(net.hidden[layer + 1], net.layouts[layer + 1].first)],
          ]).flat() as [string, Value][],
        );
      });
      for (let layer = 0; layer < config.layers; layer++)
        expect(distance(floats(result[`peek.${layer}`]), floats(result[`layer.${layer}`]))).toBeLessThan(FORWARD);
    },
  );

  it('is moved by three steps of AdamW as PyTorch moves it', async () => {
    const { adamw } = golden;
    const parameters: Parameters = new Map(
      [...stored].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
    );
    const step = await TrainingStep.create(
      { config, parameters, heads: new Map(), headSettings: NO_HEADS, thresholds: null },
      {
        objective: 'task',
        pruning: 'none',
        jointWeight: 0,
        jointTargets: 'labels',
        temperature: 1,
        lambda: 0,
        weightDecay: adamw.weight_decay,
        clip: adamw.clip,
        dropout: false,
        compile,
      },
    );
    const encodings = texts.map(({ ids, types }) => ({
      ids: Int32Array.from(ids),
      types: Uint8Array.from(types),
      truncated: false,
    }));
    const lengths = Int32Array.from(texts, ({ ids }) => ids.length);
    const batch = packBatch(
      { encodings, lengths },
      texts.map((_, i) => i),
    );
    const losses: number[] = [];
    const norms: number[] = [];
    for (let i = 1; i <= adamw.steps; i++) {
      const rates = { weights: adamw.lr, heads: adamw.lr, thresholds: 0 };
      const { loss, norm } = await step.run(batch, { targets: oneHot(), weights: ones() }, rates, i, `step ${i}`);
      losses.push(loss);
      norms.push(norm);
    }
    step.words.settle();
    await step.close();
    expect(distance(losses, adamw.losses)).toBeLessThan(FORWARD);
    expect(distance(norms, adamw.norms)).toBeLessThan(5 * FORWARD);
    // the gradient of a key's bias is rounding, which PyTorch blows up to full steps and we leave out
    const names = [...parameters.keys()].filter((name) => !keysFold(config.form) || !name.endsWith('key.bias'));
    const moved = owned(
      (name) => parameters.get(name)!.data.map((value, i) => (value - stored.get(name)!.data[i]) / adamw.lr),
      names,
    );
    for (const [own, { data }] of moved) {
      // float32 keeps a weight of 1 to 6e-8, which is 6e-5 of a step; a small gradient's rounding is as much again
      expectProducts(data, adamw.moved[own], adamw.steps, 2e-4, own);
    }
  });
});

describe('distances fall into the buckets that transformers puts them into', () => {
  function expectBuckets(of: (distance: number) => number, begins: Buckets) {
    let at = -1;
    for (let distance_ = -600; distance_ <= 600; distance_++) {
      if (begins[at + 1]?.[0] === distance_) at++;
      expect(of(distance_)).toBe(begins[at][1]);
    }
    expect(at).toBe(begins.length - 1);
  }
  test('of MPNet', () => {
    expectBuckets(bucketOf, networks.mpnet.buckets!);
  });
  test.each(networks['deberta-v2'].distance_buckets!)(
    'of DeBERTa, $buckets on each side up to a distance of $span',
    ({ begins, ...sizes }) => {
      expectBuckets((distance_) => distanceBucket(distance_, sizes), begins);
    },
  );
});
