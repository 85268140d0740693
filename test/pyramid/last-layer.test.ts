/** The last layer for [CLS] alone is the last layer: logits, what pruning makes of the tokens, every gradient, with dropout. */
import { afterAll, describe, expect, it } from 'vitest';
import {
  type Dropout,
  type Parameters,
  parameterShapes,
  parseConfig,
  WORD_EMBEDDINGS,
} from '../../src/encoder/index.ts';
import { backward, Graph } from '../../src/graph/index.ts';
import { product } from '../../src/graph/types.ts';
import { type LastLayer, network, type Pruning, THRESHOLDS } from '../../src/pyramid/network.ts';
import { maskShare } from '../../src/pyramid/prune.ts';
import { randomStream } from '../../src/random.ts';
import { floats, integers, type Program, type Tensors, uint8 } from '../../src/runtime/runtime.ts';
import { NO_HEADS } from '../../src/train/state.ts';
import { compile } from '../support/cpu.ts';
import { relativeDistance } from '../support/golden.ts';
import { inputWeights, parameterTensors } from '../support/packed.ts';

const config = {
  ...parseConfig(
    {
      vocab_size: 30,
      hidden_size: 16,
      num_hidden_layers: 3,
      num_attention_heads: 2,
      intermediate_size: 24,
      max_position_embeddings: 16,
    },
    'test',
  ),
  labels: ['a', 'b', 'c'],
};
const { layers } = config;
const LENGTHS = [9, 1, 14, 6];
const SEED = 7;
const random = randomStream(SEED, 'last-layer');
const parameters: Parameters = new Map();
for (const [name, shape] of parameterShapes(config)) {
  const base = name.endsWith('LayerNorm.weight') ? 1 : 0;
  parameters.set(name, {
    shape,
    data: Float32Array.from({ length: product(shape) as number }, () => base + 0.3 * random.normal()),
  });
}
parameters.set(THRESHOLDS, { shape: [layers], data: Float32Array.from([0.04, 0.06, 0.08]) });
const rows = LENGTHS.reduce((a, b) => a + b);
const feeds: Tensors = {
  ...parameterTensors(parameters),
  ids: integers(Array.from({ length: rows }, () => random.integer(30))),
  types: integers(Array.from({ length: rows }, () => random.integer(2))),
  sequence: integers(LENGTHS.flatMap((n, text) => Array<number>(n).fill(text))),
  ...Object.fromEntries(
    ['attention.probabilities', 'attention.output', 'output'].map((place) => {
      const mask = Uint8Array.from({ length: 2000 }, () => Number(random.next() > 0.3));
      return [`mask.layer.${layers - 1}.${place}`, uint8(mask, mask.length)];
    }),
  ),
};

/**
 * Dropout in the last layer, the same for [CLS] however much of the layer is computed: of the probabilities [B, h, S(, S)]
 * by text, head and key; of rows [·, d] by column.
 */
const dropout =
  (g: Graph): Dropout =>
  (x, place) => {
    if (!place.startsWith(`layer.${layers - 1}.`)) return x;
    const flat = g.input(`mask.${place}`, 'uint8', [`mask:${place}`]);
    const [first, second] = x.shape;
    const byQuery = x.shape.length === 4;
    const shape = x.shape.length === 2 ? [1, second] : byQuery ? [first, second, 1, x.shape[3]] : x.shape;
    return g.mul(x, g.op('Scale8', [g.reshape(g.head(flat, product(shape)), shape), g.scalar(1 / 0.7)], {}));
  };

const open: Program[] = [];
afterAll(() => Promise.all(open.map((program) => program.close())));

async function build(pruning: Pruning, lastLayer: LastLayer): Promise<Program> {
  const g = new Graph();
  const weights = inputWeights(g, parameters);
  const inputs = {
    words: g.gather(weights(WORD_EMBEDDINGS), g.input('ids', 'int64', ['N'])),
    types: g.input('types', 'int64', ['N']),
    sequence: g.input('sequence', 'int64', ['N']),
  };
  g.bindDim('B', g.add(g.op('ReduceMax', [inputs.sequence], { axes: [0], keepDims: false }), 1));
  const net = network(g, weights, config, inputs, {
    pruning,
    heads: NO_HEADS,
    temperature: g.scalar(0.02),
    dropout: dropout(g),
    lastLayer,
  });
  g.output('logits', net.logits);
  const answer = g.sum(g.mul(net.logits, net.logits), [0, 1]);
  const share = net.masks
    .map((mask, layer) => maskShare(g, mask, net.layouts[layer]))
    .reduce<typeof answer | null>((a, b) => (a ? g.add(a, b) : b), null);
  if (pruning === 'soft') expect(net.masks).toHaveLength(layers);
  if (lastLayer !== 'peek' && pruning !== 'none') {
    g.output('score', net.scores[layers - 1]!);
    g.output('lengths', g.cast(net.layouts[layers].lengths, 'float32'));
  }
  // a key's bias has no gradient, and no place in a peek; hard pruning passes none to the thresholds
  const learnt = [...parameters.keys()].filter(
    (name) => !name.endsWith('key.bias') && (name !== THRESHOLDS || pruning === 'soft'),
  );
  const gradients = backward(g, share ? g.add(answer, share) : answer, learnt.map(weights));
  learnt.forEach((name, i) => {
    g.output(`gradient:${name}`, gradients[i]);
  });
  const program = await compile(g, 'last-layer');
  open.push(program);
  return program;
}

describe(`the last layer for [CLS] alone (seed ${SEED})`, () => {
  it.each([
    ['none', 'peek'],
    ['none', 'scores'],
    ['hard', 'peek'],
    ['hard', 'scores'],
    ['soft', 'scores'],
  ] as const)('%s pruning, %s: as the whole layer', async (pruning, lastLayer) => {
    const whole = await (await build(pruning, 'rows')).run(feeds);
    const part = await (await build(pruning, lastLayer)).run(feeds);
    const names = Object.keys(whole).filter((name) => lastLayer !== 'peek' || !['score', 'lengths'].includes(name));
    expect(Object.keys(part).sort()).toEqual(names.sort());
    for (const name of names) {
      const expected = floats(whole[name]);
      const size = Math.max(...Array.from(expected, Math.abs));
      expect(size, name).toBeGreaterThan(0);
      expect(relativeDistance(floats(part[name]), expected), name).toBeLessThan(1e-4);
    }
    if (names.includes('lengths') && pruning === 'hard') {
      const left = floats(part.lengths);
      expect(left.reduce((a, b) => a + b)).toBeLessThan(rows);
      expect(left.reduce((a, b) => a + b)).toBeGreaterThan(LENGTHS.length);
    }
  });
});
