import { describe, expect, it } from 'vitest';
import { Graph } from '../../../src/graph/index.ts';
import { type AnswerRule, ONE_LABEL } from '../../../src/pyramid/exits/answer-rule.ts';
import { leaves, uncertaintyOf } from '../../../src/pyramid/exits/exit-rule.ts';
import { leaveInGraph } from '../../../src/pyramid/exits/exit-rule-graph.ts';
import { randomStream } from '../../../src/random.ts';
import { float32 } from '../../../src/runtime/runtime.ts';
import { compile } from '../../support/cpu.ts';

const SEVERAL: AnswerRule = { problemType: 'multi_label_classification', thresholds: [0.5, 0.5, 0.5] };
const VALUE: AnswerRule = { problemType: 'regression', spread: 2 };
const ROWS = 60;

describe('the exit rule in a graph', () => {
  it.each<[string, AnswerRule, number]>([
    ['of one label', ONE_LABEL, 4],
    ['of any number of labels', SEVERAL, 3],
    ['of a number', VALUE, 1],
  ])('%s lets leave whom the exit rule lets leave, at every tau', async (_, rule, width) => {
    const g = new Graph();
    const logits = g.input('logits', 'float32', ['B', width]);
    const before = g.input('before', 'float32', ['B', width]);
    g.output('leave', leaveInGraph(g, rule, logits, before, g.input('tau', 'float32', []))!);
    const program = await compile(g, 'rule');
    const random = randomStream(7, 'rule', width);
    const rows = Array.from({ length: ROWS }, (_, i) =>
      // from certain beyond float32's range of exponents to knowing nothing at all
      Array.from({ length: width }, () => (i === 0 ? 0 : Math.fround(random.normal() * 10 ** (2 * random.next())))),
    );
    const others = rows.map((row) => row.map((z) => Math.fround(z + random.normal())));
    const tensor = (values: readonly (readonly number[])[]) => float32(Float32Array.from(values.flat()), ROWS, width);
    const met = new Set<boolean>();
    // float32 takes a p below 10^-45 for 0, so that at 0 itself other texts are certain
    for (const tau of [-1, 0.001, 0.1, 0.33, 0.5, 0.77, 0.97, 1]) {
      const { leave } = await program.run({
        logits: tensor(rows),
        before: tensor(others),
        tau: float32(Float32Array.of(tau)),
      });
      const expected = rows.map((row, i) => leaves(uncertaintyOf(rule, row, others[i])!, tau));
      expect(Array.from(leave.data as Uint8Array, Boolean)).toEqual(expected);
      for (const value of expected) met.add(value);
    }
    expect(met.size).toBe(2);
    await program.close();
  });

  it('lets nobody leave where there is no number to compare with, or no spread', () => {
    const g = new Graph();
    const z = g.input('z', 'float32', ['B', 1]);
    const tau = g.scalar(1);
    expect(leaveInGraph(g, VALUE, z, null, tau)).toBeNull();
    expect(leaveInGraph(g, { problemType: 'regression', spread: null }, z, z, tau)).toBeNull();
  });
});
