import { describe, expect, it } from 'vitest';
import { backward, Graph, print, toOnnx, type Value, verify } from '../../src/graph/index.ts';
import { float32, floats } from '../../src/runtime/runtime.ts';
import { compile } from '../support/cpu.ts';
import { messagesOf, numberOf, readMessage, stringsOf } from '../support/wire.ts';

/** y = x · w while its first value stays below a limit, at most so many times; nested one in the other. */
function nested(depth: number): Graph {
  const g = new Graph();
  const x = g.input('x', 'float32', ['N']);
  const weight = g.constant('weight', Float32Array.of(2), [1]);
  const times = (graph: Graph, value: Value, left: number): Value => {
    if (left === 0) return value;
    const first = graph.gather(value, graph.scalar(0, 'int64'));
    const [result] = graph.if(
      graph.op('Less', [first, graph.scalar(10)], {}),
      (branch) => [times(branch, branch.mul(value, weight), left - 1)],
      () => [value],
    );
    return result;
  };
  g.output('y', times(g, x, depth));
  return g;
}

describe('a branch', () => {
  it('within a branch reads the values of all graphs around it, and is left out where nobody asks for it', async () => {
    const g = nested(4);
    expect(verify(g, { strict: true })).toEqual([]);
    const program = await compile(g, 'nested');
    const run = async (...values: number[]) =>
      Array.from(floats((await program.run({ x: float32(Float32Array.from(values), values.length) })).y));
    expect(await run(11, 1)).toEqual([11, 1]);
    expect(await run(3, 1)).toEqual([12, 4]);
    expect(await run(1, 7, 9)).toEqual([16, 112, 144]);
    await program.close();
  });

  it('is not computed where the condition does not hold: a look beyond the end does no harm there', async () => {
    const g = new Graph();
    const x = g.input('x', 'float32', ['N']);
    const enough = g.op('Less', [g.scalar(2, 'int64'), g.extent('N')], {});
    const [y] = g.if(
      enough,
      (branch) => [branch.gather(x, branch.scalar(2, 'int64'))],
      (branch) => [branch.scalar(-1)],
    );
    g.output('y', y);
    const program = await compile(g, 'beyond');
    const run = async (...values: number[]) =>
      floats((await program.run({ x: float32(Float32Array.from(values), values.length) })).y)[0];
    expect([await run(4, 5, 6), await run(4)]).toEqual([6, -1]);
    await program.close();
  });

  it('shares names, numbers and extents with the graphs around it, but gives none of its own to them', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', ['N']);
    const two = g.scalar(2);
    let within: Value | null = null;
    const [y] = g.if(
      g.input('flag', 'bool', []),
      (branch) => {
        expect(branch.scalar(2)).toBe(two);
        within = branch.scalar(3);
        return [branch.add(branch.mul(x, branch.scalar(2)), within)];
      },
      (branch) => [branch.mul(x, branch.cast(branch.extent('N'), 'float32'))],
    );
    expect(g.scalar(3)).not.toBe(within);
    g.output('y', g.add(y, g.scalar(3)));
    expect(verify(g)).toEqual([]);
    expect(print(g)).toBe(
      `${[
        'input x: float32[N]',
        'input flag: bool[]',
        'If: float32[N] = If(flag)',
        '  then_branch:',
        '    Mul: float32[N] = Mul(x, scalar.float32.2)',
        '    Add: float32[N] = Add(Mul, scalar.float32.3)',
        '    output 0 = Add: float32[N]',
        '  else_branch:',
        '    Shape: int64[1] = Shape(x)',
        '    Gather: int64[] = Gather(Shape, scalar.int64.0, axis=0)',
        '    Cast: float32[] = Cast(Gather, to="float32")',
        '    Mul_1: float32[N] = Mul(x, Cast)',
        '    output 0 = Mul_1: float32[N]',
        'Add_1: float32[N] = Add(If, scalar.float32.3_1)',
        'output y = Add_1: float32[N]',
      ].join('\n')}\n`,
    );
  });

  it('must give what the other gives', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', ['N']);
    const flag = g.input('flag', 'bool', []);
    const one = (branch: Graph) => [branch.neg(x)];
    expect(() => g.if(flag, one, (branch) => [branch.sum(x, [0])])).toThrow(
      'its branches give other types: float32[N] and float32[]',
    );
    expect(() => g.if(x, one, one)).toThrow('needs one bool');
  });

  it('keeps its values to itself, and verify finds who takes one', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', ['N']);
    let inner: Value | null = null;
    g.if(
      g.input('flag', 'bool', []),
      (branch) => {
        inner = branch.neg(x);
        return [inner];
      },
      () => [x],
    );
    g.output('y', g.add(inner!, 1));
    expect(verify(g)).toEqual(['Add (Add) uses Neg before it is defined']);
  });

  it('is no way for a gradient, and says so even where the value comes from around it', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', ['N']);
    const [y] = g.if(
      g.input('flag', 'bool', []),
      (branch) => [branch.sum(branch.mul(x, 2), [0])],
      (branch) => [branch.sum(x, [0])],
    );
    expect(() => backward(g, y, [x])).toThrow('internal: If (If) has no gradient: what is trained computes every part');
  });

  it('is written with the constants that it alone needs, and without what nothing asks for', () => {
    const g = new Graph();
    const x = g.input('x', 'float32', ['N']);
    const outer = g.constant('outer', Float32Array.of(1), [1]);
    const [y] = g.if(
      g.input('flag', 'bool', []),
      (branch) => {
        branch.tanh(x);
        return [branch.add(branch.mul(x, branch.constant('inner', Float32Array.of(3), [1])), outer)];
      },
      () => [x],
    );
    g.output('y', y);
    const model = readMessage(toOnnx(g, 'branches', '', { labels: '["a"]', tau: '0.5' }));
    const [graph] = messagesOf(model, 7);
    const named = (messages: ReturnType<typeof messagesOf>, field: number) =>
      messages.flatMap((message) => stringsOf(message, field));
    expect(named(messagesOf(graph, 5), 8)).toEqual(['outer']);
    const node = messagesOf(graph, 1)[0];
    const branches = messagesOf(node, 5);
    expect(branches.map((branch) => [stringsOf(branch, 1)[0], numberOf(branch, 20)])).toEqual([
      ['then_branch', 5],
      ['else_branch', 5],
    ]);
    const [then, otherwise] = branches.map((branch) => messagesOf(branch, 6)[0]);
    expect(named(messagesOf(then, 5), 8)).toEqual(['inner']);
    expect(named(messagesOf(then, 1), 4)).toEqual(['Mul', 'Add', 'Identity']);
    expect(named(messagesOf(otherwise, 1), 4)).toEqual(['Identity']);
    expect(messagesOf(model, 14).map((entry) => [stringsOf(entry, 1)[0], stringsOf(entry, 2)[0]])).toEqual([
      ['labels', '["a"]'],
      ['tau', '0.5'],
    ]);
  });
});
