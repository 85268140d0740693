import { describe, expect, it } from 'vitest';
import { backward, Graph, print, type Value, verify } from '../../src/graph/index.ts';
import { broadcast, product } from '../../src/graph/types.ts';
import { bigints, float32, floats } from '../../src/runtime/runtime.ts';
import { runGraph } from '../support/run-graph.ts';

describe('a node with wrong types', () => {
  const g = new Graph();
  const rows = g.input('rows', 'float32', ['N', 4]);
  const others = g.input('others', 'float32', ['M', 4]);
  const ids = g.input('ids', 'int64', ['N']);
  const flag = g.input('flag', 'bool', ['N']);
  const weight = g.input('weight', 'float32', [3, 5]);
  const bias = g.input('bias', 'float32', [4]);

  it.each<[string, string, () => unknown]>([
    [
      'shapes that do not broadcast',
      'internal: Add in layer.2.attention: float32[N, 4] and float32[M, 4]: shapes do not broadcast',
      () => g.add(rows, others),
    ],
    [
      'two dtypes',
      'internal: Mul in layer.2.attention: float32[N, 4] and int64[N]: needs two values of one dtype',
      () => g.mul(rows, ids),
    ],
    [
      'a dtype that the operation does not know',
      'internal: Add in layer.2.attention: bool[N] and bool[N]: works on float32, int64, int32',
      () => g.add(flag, flag),
    ],
    [
      'inner dimensions that differ',
      'internal: MatMul in layer.2.attention: float32[N, 4] and float32[3, 5]: inner dimensions differ',
      () => g.matmul(rows, weight),
    ],
    [
      'a weight of another width',
      'internal: Gemm in layer.2.attention: float32[N, 4] and float32[3, 5]: inner dimensions differ',
      () => g.linear(rows, weight),
    ],
    [
      'a bias of another length',
      'internal: Gemm in layer.2.attention: float32[N, 4] and float32[M, 4] and float32[4]: bias must be [M]',
      () => g.linear(rows, others, bias),
    ],
    [
      'a condition that is no truth value',
      'internal: Where in layer.2.attention: int64[N] and float32[N, 4] and float32[N, 4]: needs bool and two values of one dtype',
      () => g.where(ids, rows, rows),
    ],
    [
      'a Reshape that loses values',
      'internal: Reshape in layer.2.attention: float32[N, 4]: does not hold as many values as [N, 3], given float32[N, 4] and int64[2]',
      () => g.reshape(rows, ['N', 3]),
    ],
    [
      'an Expand that shrinks',
      'internal: Expand in layer.2.attention: float32[N, 4]: does not expand to [1, 4], given float32[N, 4] and int64[2]',
      () => g.expand(rows, [1, 4]),
    ],
    [
      'an axis that is not there',
      'internal: ReduceSum in layer.2.attention: there is no axis 2 in rank 2, given float32[N, 4]',
      () => g.sum(rows, [2]),
    ],
    [
      'a sum over no axis',
      'internal: ReduceSum in layer.2.attention: float32[N, 4]: needs an axis',
      () => g.sum(rows, []),
    ],
    [
      'an axis too far for Unsqueeze',
      'internal: Unsqueeze in layer.2.attention: there is no axis 4 in rank 3, given float32[N, 4]',
      () => g.unsqueeze(rows, 4),
    ],
    [
      'a Squeeze of more than one place',
      'internal: Squeeze in layer.2.attention: float32[N, 4]: axes 1 are not all 1',
      () => g.squeeze(rows, 1),
    ],
    [
      'a Transpose that drops an axis',
      'internal: Transpose in layer.2.attention: float32[N, 4]: [0] is no order of its axes',
      () => g.transpose(rows, [0]),
    ],
    [
      'a Concat of uneven rows',
      'internal: Concat in layer.2.attention: float32[N, 4] and float32[M, 4]: must agree but for axis 1',
      () => g.concat([rows, others], 1),
    ],
    [
      'a Concat whose length has no name',
      'internal: Concat in layer.2.attention: float32[N, 4] and float32[M, 4]: the joined axis is symbolic and needs a name',
      () => g.concat([rows, others], 0),
    ],
    [
      'a Split that does not add up',
      'internal: Split in layer.2.attention: float32[N, 4]: axis 1 is not the sum of 1,2',
      () => g.split(rows, 1, [1, 2]),
    ],
    [
      'indices that are floats',
      'internal: Gather in layer.2.attention: float32[N, 4] and float32[4]: needs int64 indices',
      () => g.gather(rows, bias),
    ],
    [
      'updates of another width',
      "internal: ScatterAdd in layer.2.attention: float32[3, 5] and int64[N, 4] and float32[N, 4]: needs updates of the data's dtype and row shape",
      () => g.scatterAdd(weight, ids, rows),
    ],
    [
      'a LayerNorm of another width',
      'internal: LayerNormalization in layer.2.attention: float32[3, 5] and float32[4] and float32[4]: weight and bias must be one last axis long',
      () => g.op('LayerNormalization', [weight, bias, bias], { epsilon: 1e-12 }),
    ],
  ])('%s: fails while it is written, naming operation, place and shapes', (_, message, write) => {
    const before = g.nodes.length;
    expect(() => g.scope('layer.2', () => g.scope('attention', write))).toThrow(new Error(message));
    // nothing of the failed node stays behind
    expect(g.nodes.slice(before).map((node) => node.op)).not.toContain(message.split(' ')[1]);
  });

  it('names no place outside a scope, and a scope ends even if its body throws', () => {
    expect(() => g.scope('layer.2', () => g.add(rows, others))).toThrow('Add in layer.2: ');
    expect(() => g.add(rows, others)).toThrow(
      new Error('internal: Add: float32[N, 4] and float32[M, 4]: shapes do not broadcast'),
    );
  });

  it('combines a number only with float32 and int64', () => {
    expect(() => g.add(flag, 1)).toThrow('internal: a number beside bool[N]');
  });
});

describe('names', () => {
  it('of nodes are their scopes and operation, numbered where they repeat', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', [2]);
    const [a, b] = g.scope('encoder', () => g.scope('layer.0', () => [g.neg(x), g.neg(x)]));
    expect([a.name, b.name, g.neg(x).name]).toEqual(['encoder.layer.0.Neg', 'encoder.layer.0.Neg_1', 'Neg']);
    expect(g.split(x, 0, [1, 1]).map((piece) => piece.name)).toEqual(['Split', 'Split.1']);
  });

  it('of an input or output are given once', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', [2]);
    expect(() => g.input('x', 'float32', [2])).toThrow('graph input x exists already');
    g.output('y', x);
    expect(() => g.output('y', x)).toThrow('graph output y exists already');
  });
});

describe('constants', () => {
  it('that are equal numbers are one value of rank 0', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', ['N']);
    g.add(g.mul(x, 0.5), 0.5);
    g.scalar(0.5, 'float32');
    expect(g.constants).toHaveLength(1);
    expect(g.constants[0].shape).toEqual([]);
    expect(g.scalar(1, 'int64')).not.toBe(g.scalar(1, 'float32'));
    expect(g.scalar(0)).not.toBe(g.scalar(-0));
  });

  it('must have as many values as their shape', () => {
    expect(() => new Graph().constant('table', new Float32Array(5), [2, 3])).toThrow(
      'internal: constant table has 5 values for shape [2, 3]',
    );
  });

  it('may be part of a larger buffer', async () => {
    const buffer = Float32Array.of(9, 1, 2, 9);
    const { y } = await runGraph((g) => ({ y: g.constant('part', buffer.subarray(1, 3), [2]) }), {});
    expect(floats(y)).toEqual(Float32Array.of(1, 2));
  });
});

describe('dimensions', () => {
  it('multiply into one canonical form', () => {
    expect(product(['S', 'B'])).toBe('B*S');
    expect(product([2, 'S', 3, 'B*4'])).toBe('24*B*S');
    expect(product(['N', 1])).toBe('N');
    expect(product([2, 3])).toBe(6);
    expect(product([])).toBe(1);
    expect(product(['N', 0])).toBe(0);
  });

  it('broadcast by NumPy’s rule, symbols with 1 and themselves only', () => {
    expect(broadcast(['B', 1, 4], ['S', 1])).toEqual(['B', 'S', 4]);
    expect(broadcast([], ['N'])).toEqual(['N']);
    expect(broadcast(['N'], ['M'])).toBeNull();
    expect(broadcast(['N'], [4])).toBeNull();
  });

  it('take their extent from inputs, products of symbols from both', async () => {
    const build = (g: Graph) => {
      g.input('x', 'float32', ['B', 3, 'S']);
      return { n: g.extent('B'), product: g.extent('B*S'), twice: g.extent('2*S'), number: g.extent(7) };
    };
    for (const [B, S] of [
      [2, 5],
      [4, 1],
    ]) {
      const actual = await runGraph(build, { x: float32(new Float32Array(B * 3 * S), B, 3, S) });
      const read = (name: string) => [actual[name].dims, Number(bigints(actual[name])[0])];
      expect(['n', 'product', 'twice', 'number'].map(read)).toEqual([
        [[], B],
        [[], B * S],
        [[], 2 * S],
        [[], 7],
      ]);
    }
  });

  it('may be bound to a computed number, once', async () => {
    const build = (g: Graph) => {
      const x = g.input('x', 'float32', ['N']);
      g.bindDim('M', g.mul(g.extent('N'), 2));
      expect(() => g.bindDim('M', g.extent('N'))).toThrow('dimension M is bound already');
      expect(() => g.bindDim('N', g.extent('N'))).toThrow('dimension N is bound already');
      return { y: g.range('M'), x };
    };
    const { y } = await runGraph(build, { x: float32(new Float32Array(3), 3) });
    expect(bigints(y)).toEqual(BigInt64Array.of(0n, 1n, 2n, 3n, 4n, 5n));
  });

  it('that an input shows cannot be bound, and are measured once', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', ['N']);
    expect(() => g.bindDim('N', g.scalar(3, 'int64'))).toThrow('dimension N is bound already');
    const extent = g.extent('N');
    const nodes = g.nodes.length;
    g.zeros(['N']);
    g.expand(g.unsqueeze(x, 0), [2, 'N']);
    expect(g.extent('N')).toBe(extent);
    expect(g.nodes.slice(nodes).map((node) => node.op)).not.toContain('Shape');
  });

  it('that nothing shows are an error', () => {
    const g = new Graph();
    expect(() => g.extent('Q')).toThrow('internal: no value shows how large dimension Q is');
    expect(() => g.zeros(['Q', 2])).toThrow('dimension Q');
    g.input('x', 'float32', ['N']);
    expect(() => g.extent('N*Q')).toThrow('dimension Q');
  });
});

describe('backward', () => {
  const gradientOf = async (x: readonly number[], loss: (g: Graph, x: Value) => Value) => {
    const build = (g: Graph) => {
      const value = g.input('x', 'float32', ['N']);
      return { dx: backward(g, loss(g, value), [value])[0] };
    };
    const { dx } = await runGraph(build, { x: float32(Float32Array.from(x), x.length) });
    return Array.from(floats(dx));
  };

  it('adds the gradients of a value that is used more than once', async () => {
    // Σ x³ + x + x: 3x² + 2
    const cubed = (g: Graph, x: Value) => g.sum(g.add(g.add(g.mul(x, g.mul(x, x)), x), x), [0]);
    expect(await gradientOf([1, -2, 0.5], cubed)).toEqual([5, 14, 2.75]);
  });

  it('adds them where one node takes a value twice', async () => {
    expect(await gradientOf([1, -2, 0.5], (g, x) => g.sum(g.mul(x, x), [0]))).toEqual([2, -4, 1]);
  });

  it('goes round what integers and comparisons lead through', async () => {
    // Σ [x > 0] x: the step has no slope
    const loss = (g: Graph, x: Value) => g.sum(g.mul(x, g.cast(g.op('Greater', [x, g.scalar(0)], {}), 'float32')), [0]);
    expect(await gradientOf([1, -2, 0.5], loss)).toEqual([1, 0, 1]);
  });

  it('gives gradients by several values, inner ones included', async () => {
    const build = (g: Graph) => {
      const x = g.input('x', 'float32', [2]);
      const inner = g.mul(x, 3);
      const [dx, dInner] = backward(g, g.sum(g.mul(inner, inner), [0]), [x, inner]);
      return { dx, dInner };
    };
    const { dx, dInner } = await runGraph(build, { x: float32(Float32Array.of(1, 2), 2) });
    expect(Array.from(floats(dx))).toEqual([18, 36]);
    expect(Array.from(floats(dInner))).toEqual([6, 12]);
  });

  it('refuses a loss that is no float scalar', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', ['N']);
    expect(() => backward(g, x, [x])).toThrow('internal: the loss is float32[N], not a float32 scalar');
    const count = g.extent('N');
    expect(() => backward(g, count, [x])).toThrow('internal: the loss is int64[], not a float32 scalar');
  });

  it('refuses a value that the loss does not depend on, naming it', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', [2]);
    const apart = g.input('bert.pooler.dense.bias', 'float32', [2]);
    const counted = g.input('counted', 'float32', ['N']);
    const loss = g.sum(g.mul(x, g.cast(g.extent('N'), 'float32')), [0]);
    expect(() => backward(g, loss, [x, apart])).toThrow('the loss does not depend on bert.pooler.dense.bias');
    // its length matters, its values do not
    expect(() => backward(g, loss, [counted])).toThrow('the loss does not depend on counted');
  });

  it('names operation, place and reason where there is no gradient', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', ['N']);
    const most = g.scope('lengths', () => g.op('ReduceMax', [x], { axes: [0], keepDims: false }));
    expect(() => backward(g, most, [x])).toThrow(
      'internal: ReduceMax (lengths.ReduceMax) has no gradient: it only measures lengths here',
    );
  });

  it('names the nodes it writes after those that they belong to', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', [2]);
    const loss = g.sum(
      g.scope('layer.0', () => g.tanh(x)),
      [0],
    );
    const [dx] = backward(g, loss, [x]);
    expect(dx.name).toBe('gradient.layer.0.Tanh.Sub');
  });
});

describe('verify', () => {
  const sound = () => {
    const g = new Graph();
    const x = g.input('x', 'float32', ['N']);
    const y = g.neg(g.mul(x, 2));
    g.output('y', y);
    return { g, x, y };
  };

  it('finds nothing in a sound graph', () => {
    expect(verify(sound().g)).toEqual([]);
    expect(verify(sound().g, { strict: true })).toEqual([]);
  });

  it('finds a value used before it is defined', () => {
    const { g } = sound();
    g.nodes.reverse();
    expect(verify(g)).toEqual(['Neg (Neg) uses Mul before it is defined']);
  });

  it('finds a value of another graph', () => {
    const { g } = sound();
    const foreign = new Graph().input('foreign', 'float32', ['N']);
    const sum = g.add(foreign, 1);
    g.output('sum', sum);
    expect(verify(g)).toEqual(['Add (Add) uses foreign before it is defined']);
  });

  it('finds an output that nothing defines', () => {
    const { g } = sound();
    g.output('z', new Graph().input('foreign', 'float32', ['N']));
    expect(verify(g)).toEqual(['output z is foreign, which nothing defines']);
  });

  it('finds a name that is given twice', () => {
    const { g } = sound();
    g.input('Neg', 'float32', ['N']);
    expect(verify(g)).toEqual(['the name Neg is given twice']);
  });

  it('finds dead nodes and unused inputs only when strict', () => {
    const { g, x } = sound();
    g.scope('apart', () => g.tanh(x));
    g.input('idle', 'float32', ['N']);
    expect(verify(g)).toEqual([]);
    expect(verify(g, { strict: true })).toEqual(['nothing uses apart.Tanh (Tanh)', 'nothing uses input idle']);
  });
});

describe('print', () => {
  it('writes a graph one line a node', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', ['N', 4]);
    const weight = g.input('weight', 'float32', [6, 4]);
    const [left, right] = g.scope('layer.0', () => g.split(g.linear(x, weight), 1, [2, 4]));
    g.output('left', g.mul(left, 0.5));
    g.output('rows', g.reshape(right, ['2*N', 2]));
    expect(print(g)).toMatchInlineSnapshot(`
      "input x: float32[N, 4]
      input weight: float32[6, 4]
      layer.0.Gemm: float32[N, 6] = Gemm(x, weight, transA=false, transB=true)
      layer.0.Split: float32[N, 2]; layer.0.Split.1: float32[N, 4] = Split(layer.0.Gemm, axis=1, sizes=[2,4])
      Mul: float32[N, 2] = Mul(layer.0.Split, scalar.float32.0.5)
      Reshape: float32[2*N, 2] = Reshape(layer.0.Split.1, vector.-1_2, shape=["2*N",2])
      output left = Mul: float32[N, 2]
      output rows = Reshape: float32[2*N, 2]
      "
    `);
  });
});
