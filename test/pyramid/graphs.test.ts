/**
 * The block and the peek as text, kept as files: a refactoring leaves them byte for byte, a change to the network shows in
 * review as a readable diff (`npx vitest run test/pyramid/graphs.test.ts -u` writes them anew). Numbers are checked elsewhere.
 */
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/encoder/config.ts';
import { block, type EncoderConfig, layoutOf, parameterShapes } from '../../src/encoder/index.ts';
import { backward, Graph, print, type Value, verify } from '../../src/graph/index.ts';
import { peek } from '../../src/pyramid/peek.ts';
import { hardSelect, softGate } from '../../src/pyramid/prune.ts';

const config: EncoderConfig = {
  ...parseConfig(
    {
      model_type: 'bert',
      vocab_size: 100,
      hidden_size: 32,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      intermediate_size: 64,
      max_position_embeddings: 64,
    },
    'test',
  ),
  labels: ['a', 'b', 'c'],
};

function written(
  build: (
    g: Graph,
    weights: (name: string) => Value,
    x: Value,
    threshold: Value,
    layout: ReturnType<typeof layoutOf>,
  ) => Record<string, Value>,
): string {
  const g = new Graph();
  const shapes = parameterShapes(config);
  const inputs = new Map<string, Value>();
  const weights = (name: string) => {
    const value = inputs.get(name) ?? g.input(name, 'float32', shapes.get(name)!);
    inputs.set(name, value);
    return value;
  };
  const x = g.input('x', 'float32', ['N', config.hiddenSize]);
  const sequence = g.input('sequence', 'int64', ['N']);
  g.bindDim('B', g.add(g.op('ReduceMax', [sequence], { axes: [0], keepDims: false }), 1));
  const threshold = g.input('threshold', 'float32', []);
  const layout = layoutOf(g, sequence, { rows: 'N', texts: 'B', padded: 'S' });
  for (const [name, value] of Object.entries(build(g, weights, x, threshold, layout))) g.output(name, value);
  expect(verify(g)).toEqual([]);
  return print(g);
}

describe('the graphs of a layer, as text', () => {
  it('block with hard pruning', async () => {
    const text = written((g, weights, x, threshold, layout) => {
      const result = block(g, weights, config, 0, x, layout, {
        select: hardSelect(g, threshold, { rows: 'M', padded: 'R' }),
      });
      return { x: result.x, sequence: result.layout.sequence };
    });
    await expect(text).toMatchFileSnapshot('graphs/block-hard.txt');
  });

  it('block with soft pruning, and its gradients', async () => {
    const text = written((g, weights, x, threshold, layout) => {
      const masks: Value[] = [];
      const result = block(g, weights, config, 0, x, layout, { gate: softGate(g, threshold, g.scalar(0.001), masks) });
      const [dx, dThreshold] = backward(g, g.sum(g.mul(result.x, result.x), [0, 1]), [x, threshold]);
      return { x: result.x, dx, dThreshold };
    });
    await expect(text).toMatchFileSnapshot('graphs/block-soft.txt');
  });

  it('peek', async () => {
    const text = written((g, weights, x, _threshold, layout) => ({ cls: peek(g, weights, config, 0, x, layout).cls }));
    await expect(text).toMatchFileSnapshot('graphs/peek.txt');
  });
});
