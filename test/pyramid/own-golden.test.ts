/**
 * A BERT of two layers against values that PyTorch computed in float64 (scripts/make-golden.py): dense, soft and hard
 * pruning with every gradient, and the exit heads. Needs nothing outside the repository.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Parameters, parameterShapes, parseConfig, WORD_EMBEDDINGS } from '../../src/encoder/index.ts';
import { backward, Graph, type Value } from '../../src/graph/index.ts';
import type { HeadKind } from '../../src/pyramid/exits/exits.ts';
import { type HeadSettings, headSettings } from '../../src/pyramid/exits/exits.ts';
import { headName } from '../../src/pyramid/exits/head-name.ts';
import { headShapes } from '../../src/pyramid/exits/heads.ts';
import { type Network, network, type Pruning, THRESHOLDS } from '../../src/pyramid/network.ts';
import { problems } from '../../src/pyramid/problem.ts';
import { maskShare } from '../../src/pyramid/prune.ts';
import { float32, floats, integers, type Tensor } from '../../src/runtime/runtime.ts';
import { compile } from '../support/cpu.ts';
import { draws } from '../support/draws.ts';
import { distance } from '../support/golden.ts';
import { inputWeights, parameterTensors } from '../support/packed.ts';

const FORWARD = 1e-5;
const GRADIENT = 1e-5;

type Shapes = readonly (readonly [string, readonly number[]])[];
type Rows = readonly (readonly number[])[];
const golden = JSON.parse(readFileSync('test/golden/network-golden.json', 'utf8'));
const labels: number[] = golden.labels;
const texts: { ids: number[]; types: number[] }[] = golden.texts;
const config = {
  ...parseConfig(golden.config, 'network-golden.json'),
  labels: ['a', 'b', 'c'],
};
const { layers } = config;
const problem = problems.single_label_classification;
const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

function generated(shapes: Shapes, seed: number, scale: number, name = (part: string) => part): Parameters {
  const next = draws(seed);
  return new Map(
    shapes.map(([part, shape]) => {
      const base = part.endsWith('LayerNorm.weight') ? 1 : 0;
      return [name(part), { shape, data: next(size(shape)).map((value) => base + scale * value) }];
    }),
  );
}

const parameters = generated(golden.parameters, 7, 1);
parameters.set(THRESHOLDS, { shape: [layers], data: Float32Array.from(golden.thresholds) });

interface Built {
  readonly g: Graph;
  readonly net: Network;
  readonly weights: (name: string) => Value;
  readonly loss: Value;
}

async function run(
  pruning: Pruning,
  heads: HeadSettings,
  extra: Parameters,
  outputs: (built: Built) => Record<string, Value>,
): Promise<Record<string, Tensor>> {
  const g = new Graph();
  const all = new Map([...parameters, ...extra]);
  const weights = inputWeights(g, all);
  const inputs = {
    words: g.gather(weights(WORD_EMBEDDINGS), g.input('ids', 'int64', ['N'])),
    types: g.input('types', 'int64', ['N']),
    sequence: g.input('sequence', 'int64', ['N']),
  };
  const targets = g.input('targets', 'float32', ['B', config.labels.length]);
  const net = network(g, weights, config, inputs, { pruning, heads, temperature: g.scalar(golden.temperature) });
  const loss = problem.loss(g, net.logits, targets, g.input('rowWeights', 'float32', ['B']));
  for (const [name, value] of Object.entries(outputs({ g, net, weights, loss }))) g.output(name, value);
  const program = await compile(g, 'golden');
  const oneHot = labels.flatMap((label) => config.labels.map((_, c) => Number(c === label)));
  const result = await program.run({
    ids: integers(texts.flatMap(({ ids }) => ids)),
    types: integers(texts.flatMap(({ types }) => types)),
    sequence: integers(texts.flatMap(({ ids }, text) => ids.map(() => text))),
    targets: float32(Float32Array.from(oneHot), texts.length, config.labels.length),
    rowWeights: float32(new Float32Array(texts.length).fill(1), texts.length),
    ...parameterTensors(all),
  });
  await program.close();
  return result;
}

const gradientsOf = ({ g, weights }: Built, loss: Value, names: readonly string[]): Record<string, Value> => {
  const found = backward(g, loss, names.map(weights));
  return Object.fromEntries(names.map((name, i) => [`gradient.${name}`, found[i]]));
};

/** The file has each gradient's largest value and three products; of a product n values' rounding is √n of one's. */
function expectGradients(
  result: Record<string, Tensor>,
  expected: Record<string, readonly number[]>,
  name = (part: string) => part,
) {
  for (const [part, [largest, ...products]] of Object.entries(expected)) {
    const actual = floats(result[`gradient.${name(part)}`]);
    // adding to all logits of a softmax changes nothing: the gradient is zero but for rounding, in the file too
    const isNull = largest < 1e-12;
    if (isNull) expect(part).toMatch(/key\.bias$/);
    const scale = isNull ? expected[part.replace('bias', 'weight')][0] : largest;
    const most = actual.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    expect(Math.abs(most - largest) / scale, part).toBeLessThan(GRADIENT);
    const next = draws(3);
    for (const product of products) {
      const along = next(actual.length).reduce((sum, u, i) => sum + u * actual[i], 0);
      expect(Math.abs(along - product) / scale / Math.sqrt(actual.length), part).toBeLessThan(GRADIENT);
    }
  }
}

describe('the network of two layers', () => {
  const names = [...parameters.keys()].filter((name) => name !== THRESHOLDS);
  const none = headSettings('none', false);

  it('has the parameters of the reference', () => {
    const own = [...parameterShapes(config)].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(own).toEqual([...(golden.parameters as Shapes)].sort(([a], [b]) => (a < b ? -1 : 1)));
  });

  it.each<[string, Pruning]>([
    ['dense', 'none'],
    ['soft', 'soft'],
    ['hard', 'hard'],
  ])('%s: hidden states, scores, tokens left, logits, loss and all gradients', async (mode, pruning) => {
    const result = await run(pruning, none, new Map(), (built) => {
      const { g, net } = built;
      const share =
        pruning === 'soft'
          ? net.masks.map((mask, l) => maskShare(g, mask, net.layouts[l])).reduce((a, b) => g.add(a, b))
          : null;
      const loss = share ? g.add(built.loss, g.mul(share, golden.lambda)) : built.loss;
      return {
        ...Object.fromEntries(net.hidden.map((x, l) => [`hidden.${l}`, x])),
        ...Object.fromEntries(net.scores.flatMap((score, l) => (score ? [[`score.${l + 1}`, score]] : []))),
        ...Object.fromEntries(net.masks.map((mask, l) => [`mask.${l + 1}`, mask])),
        ...Object.fromEntries(net.layouts.map(({ lengths }, l) => [`lengths.${l}`, lengths])),
        ...(share ? { share } : {}),
        logits: net.logits,
        loss,
        ...gradientsOf(built, loss, pruning === 'soft' ? [...names, THRESHOLDS] : names),
      };
    });
    const near = (name: string, expected: readonly number[]) =>
      expect(distance(floats(result[name]), expected), name).toBeLessThan(FORWARD);
    for (let l = 0; l <= layers; l++) {
      near(`hidden.${l}`, (golden[`${l === 0 ? 'dense' : mode}.hidden.${l}`] as Rows).flat());
      if (pruning === 'hard' || l === 0) {
        expect(Array.from(result[`lengths.${l}`].data, Number)).toEqual(
          golden[`${mode}.tokens`].map((left: number[]) => left[l]),
        );
      }
      if (l > 0 && pruning !== 'none') near(`score.${l}`, golden[`${mode}.score.${l}`]);
      // a mask is steep by 1/T: the score's rounding comes out so much larger
      if (l > 0 && pruning === 'soft')
        expect(distance(floats(result[`mask.${l}`]), golden[`soft.mask.${l}`])).toBeLessThan(10 * FORWARD);
    }
    if (pruning === 'soft') near('share', [golden['soft.share']]);
    near('logits', golden[`${mode}.logits`].flat());
    near('loss', [golden[`${mode}.loss`]]);
    expectGradients(result, golden[`${mode}.gradients`]);
  });

  it.each<[string, HeadKind, boolean]>([
    ['cls', 'cls', false],
    ['pooled', 'pooled', false],
    ['pooled pairs', 'pooled', true],
    ['aligned', 'aligned', true],
    ['fastbert', 'fastbert', false],
  ])(
    'exit heads (%s): logits, divergence from the main classifier, gradients down to the embeddings',
    async (key, kind, pairs) => {
      const expected = golden.heads[key];
      const settings = { ...headSettings(kind, pairs, golden.headWidth), attentionHeads: golden.headAttentionHeads };
      const heads = generated(expected.parameters, 11, 2, (part) => headName(1, part));
      expect([...headShapes(config, settings)]).toEqual([...heads].map(([name, { shape }]) => [name, shape]));
      const result = await run('hard', settings, heads, (built) => {
        const divergence = problem.distillation(built.g, built.g.detach(built.net.logits), built.net.exits[0]);
        const below = Object.keys(expected.networkGradients);
        return {
          logits: built.net.exits[0],
          divergence,
          ...gradientsOf(built, divergence, [...heads.keys(), ...below]),
        };
      });
      expect(distance(floats(result.logits), expected.logits.flat())).toBeLessThan(FORWARD);
      expect(distance(floats(result.divergence), [expected.divergence])).toBeLessThan(FORWARD);
      expectGradients(result, expected.gradients, (part) => headName(1, part));
      expectGradients(result, expected.networkGradients);
    },
  );
});
