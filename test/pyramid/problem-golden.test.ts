/** The three problem types against PyTorch (scripts/make-golden.py): losses, distillation, scores, and their gradients. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { backward, type Graph, type Value } from '../../src/graph/index.ts';
import type { ProblemType } from '../../src/problem-type.ts';
import { problems } from '../../src/pyramid/problem.ts';
import { float32, floats, type Tensor } from '../../src/runtime/runtime.ts';
import { distance, relativeDistance } from '../support/golden.ts';
import { runGraph } from '../support/run-graph.ts';

type Rows = readonly (readonly number[])[];
interface Case {
  readonly targets: Rows;
  readonly weights: readonly number[];
  readonly loss: number;
  readonly gradient: Rows;
  readonly distillation: number;
  readonly studentGradient: Rows;
  readonly scores: Rows;
}

const golden = JSON.parse(readFileSync('test/golden/problems-golden.json', 'utf8'));
const types = Object.keys(problems) as ProblemType[];
const tensor = (rows: Rows): Tensor => float32(Float32Array.from(rows.flat()), rows.length, rows[0].length);
const logits = tensor(golden.logits);
const teacher = tensor(golden.teacher);

it('has every problem type, and no other', () => {
  expect(Object.keys(golden).sort()).toEqual([...types, 'logits', 'teacher'].sort());
});

describe.each(types)('%s', (type) => {
  const problem = problems[type];
  const expected: Case = golden[type];
  const [B, C] = logits.dims;
  const withGradient = async (build: (g: Graph, z: Value) => Value) => {
    const out = await runGraph(
      (g) => {
        const z = g.input('z', 'float32', ['B', C]);
        const loss = build(g, z);
        return { loss, gradient: backward(g, loss, [z])[0] };
      },
      {
        z: logits,
        teacher,
        targets: tensor(expected.targets),
        weights: float32(Float32Array.from(expected.weights), B),
      },
    );
    return { loss: floats(out.loss)[0], gradient: floats(out.gradient) };
  };

  it('has the loss and its gradient, rows weighted, logits extreme', async () => {
    const { loss, gradient } = await withGradient((g, z) =>
      problem.loss(g, z, g.input('targets', 'float32', ['B', C]), g.input('weights', 'float32', ['B'])),
    );
    expect(Math.abs(loss / expected.loss - 1)).toBeLessThan(1e-6);
    expect(relativeDistance(gradient, expected.gradient.flat())).toBeLessThan(1e-6);
  });

  it("has a student's divergence from the teacher and its gradient", async () => {
    const { loss, gradient } = await withGradient((g, z) =>
      problem.distillation(g, g.input('teacher', 'float32', ['B', C]), z),
    );
    expect(Math.abs(loss / expected.distillation - 1)).toBeLessThan(1e-6);
    expect(relativeDistance(gradient, expected.studentGradient.flat())).toBeLessThan(1e-6);
  });

  it('turns logits into the scores', () => {
    golden.logits.forEach((row: number[], text: number) => {
      expect(distance(problem.activation(row), expected.scores[text])).toBeLessThan(1e-7);
    });
  });
});
