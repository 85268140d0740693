/**
 * The tiny BERT of ../shared/golden, every value of which PyTorch computed in float64: dense, soft and hard forward and
 * gradients, and the exit heads. Sizes come from the files.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type EncoderConfig,
  type Parameters,
  readConfig,
  readWeights,
  WORD_EMBEDDINGS,
} from '../../src/encoder/index.ts';
import { backward, Graph, type Value } from '../../src/graph/index.ts';
import type { HeadKind } from '../../src/pyramid/exits/exits.ts';
import { type HeadSettings, headSettings } from '../../src/pyramid/exits/exits.ts';
import { headShapes } from '../../src/pyramid/exits/heads.ts';
import { paperFlops } from '../../src/pyramid/flops.ts';
import { type Network, network, type Pruning, THRESHOLDS } from '../../src/pyramid/network.ts';
import { peek } from '../../src/pyramid/peek.ts';
import { problems } from '../../src/pyramid/problem.ts';
import { maskShare } from '../../src/pyramid/prune.ts';
import { float32, type Tensor, type Tensors } from '../../src/runtime/runtime.ts';
import { compile } from '../support/cpu.ts';
import { distance, GOLDEN, Golden, hasGolden, largest, relativeDistance } from '../support/golden.ts';
import { inputWeights, type Packed, pack, packedTensors, parameterTensors, rowsOf, values } from '../support/packed.ts';

const FORWARD = 1e-5;
const GRADIENT = 1e-5;

describe.skipIf(!hasGolden)('the tiny golden network (../shared/golden)', () => {
  let golden: Golden;
  let config: EncoderConfig;
  let parameters: Parameters;
  let packed: Packed;
  let meta: { T: number; lam: number; head_fastbert: { width: number; heads: number } };
  let targets: Tensor;
  let d: number;

  beforeAll(async () => {
    golden = await Golden.read('tiny_expected.safetensors');
    meta = JSON.parse(readFileSync(`${GOLDEN}/tiny_meta.json`, 'utf8'));
    config = await readConfig(`${GOLDEN}/tiny`);
    parameters = (await readWeights(`${GOLDEN}/tiny`, config)).parameters;
    packed = pack(golden.get('input_ids'), golden.get('token_type_ids'), golden.get('attention_mask'));
    d = config.hiddenSize;
    const labels = golden.get('labels').data;
    const oneHot = new Float32Array(labels.length * config.labels.length);
    labels.forEach((label, text) => {
      oneHot[text * config.labels.length + label] = 1;
    });
    targets = float32(oneHot, labels.length, config.labels.length);
  });

  interface Built {
    readonly g: Graph;
    readonly net: Network;
    readonly weights: (name: string) => Value;
    readonly targets: Value;
    readonly rowWeights: Value;
    readonly temperature: Value;
  }

  async function run(
    pruning: Pruning,
    heads: HeadSettings,
    extra: Parameters,
    outputs: (built: Built) => Record<string, Value>,
  ) {
    const g = new Graph();
    const all = new Map([...parameters, ...extra]);
    const weights = inputWeights(g, all);
    const inputs = {
      words: g.gather(weights(WORD_EMBEDDINGS), g.input('ids', 'int64', ['N'])),
      types: g.input('types', 'int64', ['N']),
      sequence: g.input('sequence', 'int64', ['N']),
    };
    const given = {
      targets: g.input('targets', 'float32', ['B', config.labels.length]),
      rowWeights: g.input('rowWeights', 'float32', ['B']),
    };
    const temperature = g.scalar(meta.T);
    const net = network(g, weights, config, inputs, { pruning, heads, temperature });
    for (const [name, value] of Object.entries(outputs({ g, net, weights, temperature, ...given })))
      g.output(name, value);
    const program = await compile(g, 'golden');
    const feeds: Tensors = {
      ...packedTensors(packed),
      targets,
      rowWeights: float32(new Float32Array(packed.texts).fill(1), packed.texts),
      ...parameterTensors(all),
    };
    const result = await program.run(feeds);
    await program.close();
    return result;
  }

  const loss = ({ g, net, targets: t, rowWeights }: Built) =>
    problems[config.problemType].loss(g, net.logits, t, rowWeights);
  const none = headSettings('none', false);
  const thresholds = (): Parameters => new Map([[THRESHOLDS, golden.get('theta')]]);
  /** Outputs grad.NAME for every parameter that the loss depends on. */
  const gradientsOf = (built: Built, of: Value, names: readonly string[]) => {
    const found = backward(built.g, of, names.map(built.weights));
    return Object.fromEntries(names.map((name, i) => [`grad.${name}`, found[i]]));
  };

  /**
   * Relative to the tensor's largest value. A key's bias adds the same to all logits of a softmax, so its gradient is
   * zero but for rounding (in the file too): it is held against the scale of its weight's gradient.
   */
  const expectGradients = (
    result: Record<string, Tensor>,
    prefix: string,
    names: readonly string[],
    short = (name: string) => name,
  ) => {
    for (const name of names) {
      const actual = values(result[`grad.${name}`]);
      const expected = golden.get(`${prefix}.${short(name)}`).data;
      if (name.endsWith('key.bias')) {
        const scale = largest(golden.get(`${prefix}.${short(name.replace('bias', 'weight'))}`).data);
        expect(largest(expected), name).toBeLessThan(1e-12);
        expect(largest(actual) / scale, name).toBeLessThan(GRADIENT);
      } else expect(relativeDistance(actual, expected), name).toBeLessThan(GRADIENT);
    }
  };

  it('gives the dense hidden states, scores, logits and loss', async () => {
    const result = await run(
      'soft',
      none,
      new Map([[THRESHOLDS, { shape: [config.layers], data: new Float32Array(config.layers).fill(-1e6) }]]),
      (built) => ({
        ...Object.fromEntries(built.net.hidden.map((x, l) => [`hidden.${l}`, x])),
        ...Object.fromEntries(built.net.scores.map((s, l) => [`score.${l + 1}`, s!])),
        logits: built.net.logits,
        loss: loss(built),
      }),
    );
    for (let l = 0; l <= config.layers; l++) {
      expect(
        distance(values(result[`hidden.${l}`]), rowsOf(golden.get(`dense.hidden.${l}`), packed.places, d)),
      ).toBeLessThan(FORWARD);
    }
    for (let l = 1; l <= config.layers; l++) {
      expect(
        distance(values(result[`score.${l}`]), rowsOf(golden.get(`dense.score.${l}`), packed.places, 1)),
      ).toBeLessThan(FORWARD);
    }
    expect(distance(values(result.logits), golden.get('dense.logits').data)).toBeLessThan(FORWARD);
    expect(distance(values(result.loss), golden.get('dense.loss').data)).toBeLessThan(FORWARD);
  });

  it('gives every gradient of the dense loss', async () => {
    const names = [...parameters.keys()];
    const result = await run('none', none, new Map(), (built) => gradientsOf(built, loss(built), names));
    expectGradients(result, 'dense.grad', names);
  });

  it('gives soft pruning: masks, hidden states, regulariser, and gradients of weights and thresholds', async () => {
    const names = [...parameters.keys(), THRESHOLDS];
    const result = await run('soft', none, thresholds(), (built) => {
      const { g, net } = built;
      const ce = loss(built);
      const regulariser = net.masks.map((mask, l) => maskShare(g, mask, net.layouts[l])).reduce((a, b) => g.add(a, b));
      return {
        ...Object.fromEntries(net.masks.map((mask, l) => [`mask.${l + 1}`, mask])),
        ...Object.fromEntries(net.hidden.map((x, l) => [`hidden.${l}`, x])),
        logits: net.logits,
        ce,
        regulariser,
        ...gradientsOf(built, g.add(ce, g.mul(regulariser, meta.lam)), names),
      };
    });
    for (let l = 1; l <= config.layers; l++) {
      expect(
        distance(values(result[`mask.${l}`]), rowsOf(golden.get(`soft.mask.${l}`), packed.places, 1)),
        `mask ${l}`,
      ).toBeLessThan(FORWARD * 10);
      expect(
        distance(values(result[`hidden.${l}`]), rowsOf(golden.get(`soft.hidden.${l}`), packed.places, d)),
      ).toBeLessThan(FORWARD);
    }
    expect(distance(values(result.logits), golden.get('soft.logits').data)).toBeLessThan(FORWARD);
    expect(distance(values(result.ce), golden.get('soft.ce').data)).toBeLessThan(FORWARD);
    expect(distance(values(result.regulariser), golden.get('soft.regulariser').data)).toBeLessThan(FORWARD);
    expect(relativeDistance(values(result[`grad.${THRESHOLDS}`]), golden.get('soft.grad.theta').data)).toBeLessThan(
      GRADIENT,
    );
    expectGradients(result, 'soft.grad', [...parameters.keys()]);
  });

  it('gives hard pruning by removing the rows: scores, tokens left, [CLS], logits, gradients, FLOPs', async () => {
    const names = [...parameters.keys()];
    const result = await run('hard', none, thresholds(), (built) => {
      const { g, net } = built;
      return {
        ...Object.fromEntries(net.scores.map((s, l) => [`score.${l + 1}`, s!])),
        ...Object.fromEntries(net.layouts.map((layout, l) => [`lengths.${l}`, layout.lengths])),
        ...Object.fromEntries(net.layouts.map((layout, l) => [`sequence.${l}`, layout.sequence])),
        ...Object.fromEntries(net.hidden.map((x, l) => [`cls.${l}`, g.takeRows(x, net.layouts[l].first)])),
        logits: net.logits,
        loss: loss(built),
        ...gradientsOf(built, loss(built), names),
      };
    });
    const tokens = golden.get('hard.tokens');
    const flops = golden.get('hard.flops');
    // the rows that live at each layer, by their place in the padded view
    let places = packed.places;
    const shape = {
      layers: config.layers,
      hiddenSize: d,
      heads: config.heads,
      intermediateSize: config.intermediateSize,
      labels: config.labels.length,
    };
    for (let l = 1; l <= config.layers; l++) {
      expect(distance(values(result[`score.${l}`]), rowsOf(golden.get(`hard.score.${l}`), places, 1))).toBeLessThan(
        FORWARD,
      );
      const keep = golden.get(`hard.keep.${l}`).data;
      places = places.filter((place) => keep[place] === 1);
      expect(result[`sequence.${l}`].dims).toEqual([places.length]);
      expect(distance(values(result[`cls.${l}`]), golden.get(`hard.cls.${l}`).data)).toBeLessThan(FORWARD);
    }
    for (let text = 0; text < packed.texts; text++) {
      const left = Array.from({ length: config.layers + 1 }, (_, l) => Number(result[`lengths.${l}`].data[text]));
      expect(left).toEqual(
        Array.from(tokens.data.subarray(text * (config.layers + 1), (text + 1) * (config.layers + 1))),
      );
      const perLayer = Array.from(flops.data.subarray(text * config.layers, (text + 1) * config.layers));
      for (let exit = 1; exit <= config.layers; exit++) {
        expect(paperFlops(shape, left, exit)).toBe(perLayer.slice(0, exit).reduce((a, b) => a + b, 0));
      }
    }
    expect(distance(values(result.logits), golden.get('hard.logits').data)).toBeLessThan(FORWARD);
    expect(distance(values(result.loss), golden.get('hard.loss').data)).toBeLessThan(FORWARD);
    expectGradients(result, 'hard.grad', names);
  });

  it.each<[string, HeadKind, boolean]>([
    ['cls', 'cls', false],
    ['fastbert', 'fastbert', false],
    ['pooled_single', 'pooled', false],
    ['pooled_pair', 'pooled', true],
  ])('gives the logits, divergence and gradients of %s heads', async (key, kind, pairs) => {
    const settings = {
      ...headSettings(kind, pairs, meta.head_fastbert.width),
      attentionHeads: meta.head_fastbert.heads,
    };
    const shapes = headShapes(config, settings);
    const heads: Parameters = new Map();
    for (const [name, shape] of shapes) {
      const stored = golden.get(`heads.${key}.${name.replace('pyramid.heads.', '')}`);
      expect(stored.shape).toEqual(shape);
      heads.set(name, stored);
    }
    const names = [...heads.keys()];
    const result = await run('hard', settings, new Map([...thresholds(), ...heads]), (built) => {
      const { g, net } = built;
      const kl = net.exits
        .map((exit) => problems[config.problemType].distillation(g, net.logits, exit))
        .reduce((a, b) => g.add(a, b));
      return {
        ...Object.fromEntries(net.exits.map((exit, l) => [`exit.${l + 1}`, exit])),
        kl,
        ...gradientsOf(built, kl, names),
      };
    });
    for (let l = 1; l < config.layers; l++) {
      expect(distance(values(result[`exit.${l}`]), golden.get(`heads.${key}.logits.${l}`).data)).toBeLessThan(FORWARD);
    }
    expect(distance(values(result.kl), golden.get(`heads.${key}.kl`).data)).toBeLessThan(FORWARD);
    expectGradients(result, `heads.${key}.grad`, names, (name) => name.replace('pyramid.heads.', ''));
  });

  it('peeks at [CLS] of each layer from the rows that enter it, with hard pruning', async () => {
    const result = await run('hard', none, thresholds(), ({ g, net, weights }) =>
      Object.fromEntries(
        Array.from({ length: config.layers }, (_, l) => [
          `cls.${l + 1}`,
          peek(g, weights, config, l, net.hidden[l], net.layouts[l]).cls,
        ]),
      ),
    );
    for (let l = 1; l <= config.layers; l++) {
      expect(distance(values(result[`cls.${l}`]), golden.get(`hard.cls.${l}`).data)).toBeLessThan(FORWARD);
    }
  });

  it('has read every value of the file but those of the optimiser and of the exits', () => {
    expect(
      golden.unseen(
        (name) =>
          !name.startsWith('adamw3.') && !/^heads\.\w+\.(uncertainty|exit|prediction)$/.test(name) && name !== 'taus',
      ),
    ).toEqual([]);
  });
});
