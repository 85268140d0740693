import { beforeAll, describe, expect, it } from 'vitest';
import { softmax } from '../../../src/pyramid/logits.ts';
import { problems } from '../../../src/pyramid/problem.ts';
import { float32, floats } from '../../../src/runtime/runtime.ts';
import { type EncodedSet, packBatch } from '../../../src/train/batch.ts';
import { runMethod } from '../../../src/train/stages/run-method.ts';
import { stageSettings } from '../../../src/train/stages/stage-settings.ts';
import { halfDepth } from '../../../src/train/start/starting-model.ts';
import type { ModelState } from '../../../src/train/state.ts';
import { Teacher, teacherLoss } from '../../../src/train/step/teacher.ts';
import { Tracer } from '../../../src/train/trace/tracer.ts';
import { compile, cpu } from '../../support/cpu.ts';
import { draws } from '../../support/draws.ts';
import { runGraph } from '../../support/run-graph.ts';
import { scratchDataset, tinyOptions, tinyStart } from '../../support/scratch-data.ts';

const dataset = scratchDataset({ rows: 48 });
const options = tinyOptions({ method: 'distilbert', epochs: { regular: 6, soft: 0, hard: 0, heads: 0 } });
let teacher: ModelState;
let set: EncodedSet;

const train = (name: 'bert' | 'distilbert', start: ModelState, teaches?: ModelState) =>
  runMethod({
    name,
    options,
    start,
    pairs: false,
    train: set,
    validation: null,
    settings: stageSettings(options, dataset, cpu),
    teacher: teaches,
    onEvent: () => {},
  });

beforeAll(async () => {
  const start = await tinyStart(dataset, options);
  set = start.set;
  ({ state: teacher } = await train('bert', start.state));
});

async function logitsOf(state: ModelState): Promise<number[][]> {
  const tracer = await Tracer.create(state, 'none', compile);
  try {
    return (await tracer.trace(set)).map(({ logits }) => [...logits.at(-1)!]);
  } finally {
    await tracer.close();
  }
}

describe('a teacher', () => {
  it('says of a batch what the network says without dropout, and its last hidden rows', async () => {
    const indices = [5, 0, 17];
    const batch = packBatch(set, indices);
    const program = await Teacher.create(teacher, compile);
    const { logits, hidden } = await program.run(batch);
    await program.close();
    const expected = await logitsOf(teacher);
    indices.forEach((index, text) => {
      for (const [label, value] of expected[index].entries())
        expect(floats(logits)[text * 2 + label]).toBeCloseTo(value, 5);
    });
    expect(hidden.dims).toEqual([batch.rows, teacher.config.hiddenSize]);
  });

  it('pulls the student towards itself: its answers are closer than with labels alone', async () => {
    const student = halfDepth(teacher);
    const theirs = await logitsOf(teacher);
    const distance = async (state: ModelState) => {
      const own = await logitsOf(state);
      return theirs.reduce((sum, row, i) => sum + Math.abs(softmax(row)[0] - softmax(own[i])[0]), 0) / theirs.length;
    };
    const taught = await train('distilbert', student, teacher);
    const alone = await train('distilbert', student);
    expect(await distance(taught.state)).toBeLessThan(0.9 * (await distance(alone.state)));
  });

  it('does not learn itself', async () => {
    const before = teacher.parameters.get('classifier.weight')!.data.slice();
    await train('distilbert', halfDepth(teacher), teacher);
    expect(teacher.parameters.get('classifier.weight')!.data).toEqual(before);
  });
});

describe('the loss of a teacherOutput (seed 3)', () => {
  it('is 4 KL of the logits at half, as a batch mean, plus the mean over rows of 1 − cos', async () => {
    const draw = draws(3);
    const [B, N, C, d] = [3, 7, 4, 5];
    const data = { tl: draw(B * C), th: draw(N * d), sl: draw(B * C), sh: draw(N * d) };
    const shapes = { tl: [B, C], th: [N, d], sl: [B, C], sh: [N, d] } as const;
    const { loss } = await runGraph(
      (g) => {
        const [tl, th, sl, sh] = (['tl', 'th', 'sl', 'sh'] as const).map((name) =>
          g.input(name, 'float32', shapes[name]),
        );
        const problem = problems.single_label_classification;
        return { loss: teacherLoss(g, problem, { logits: sl, hidden: sh }, { logits: tl, hidden: th }) };
      },
      Object.fromEntries(
        Object.entries(data).map(([name, values]) => [name, float32(values, ...shapes[name as 'tl'])]),
      ),
    );
    const row = (values: Float32Array, i: number, width: number) =>
      Array.from(values.subarray(i * width, (i + 1) * width));
    let expected = 0;
    for (let text = 0; text < B; text++) {
      const half = (values: Float32Array) => softmax(row(values, text, C).map((z) => z / 2));
      const [p, q] = [half(data.tl), half(data.sl)];
      expected += (4 * p.reduce((sum, value, c) => sum + value * Math.log(value / q[c]), 0)) / B;
    }
    for (let i = 0; i < N; i++) {
      const [t, s] = [row(data.th, i, d), row(data.sh, i, d)];
      const dot = (a: number[], b: number[]) => a.reduce((sum, value, j) => sum + value * b[j], 0);
      expected += (1 - dot(t, s) / Math.sqrt(dot(t, t) * dot(s, s))) / N;
    }
    expect(floats(loss)[0]).toBeCloseTo(expected, 5);
  });
});
