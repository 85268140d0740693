/**
 * Any number of labels, a number, and one output without a problem type against transformers itself
 * (scripts/make-answers-golden.py): logits, the pipeline's scores, loss and all gradients. Needs nothing outside the repository.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Parameters, parseConfig, WORD_EMBEDDINGS } from '../../src/encoder/index.ts';
import { backward, Graph } from '../../src/graph/index.ts';
import { headSettings } from '../../src/pyramid/exits/exits.ts';
import { network } from '../../src/pyramid/network.ts';
import { problems, problemTypeOf } from '../../src/pyramid/problem.ts';
import { float32, floats, integers, type Tensor } from '../../src/runtime/runtime.ts';
import { compile } from '../support/cpu.ts';
import { draws } from '../support/draws.ts';
import { distance, relativeDistance } from '../support/golden.ts';
import { inputWeights, parameterTensors } from '../support/packed.ts';

/** float32 against float64. */
const NEAR = 1e-5;

interface Case {
  readonly labels: number;
  readonly problemType: string | null;
  readonly parameters: readonly (readonly [string, readonly number[]])[];
  readonly logits: readonly (readonly number[])[];
  readonly scores: readonly (readonly number[])[];
  readonly targets?: readonly (readonly number[])[];
  readonly loss?: number;
  readonly gradients?: Readonly<Record<string, readonly number[]>>;
  readonly positives?: readonly number[];
  readonly weightedLoss?: number;
  readonly weightedGradient?: readonly (readonly number[])[];
}

const { config: sizes, texts, ...cases } = JSON.parse(readFileSync('test/golden/answers-golden.json', 'utf8'));
const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

describe.each(Object.entries(cases) as [string, Case][])('%s', (_, golden) => {
  const labels = Array.from({ length: golden.labels }, (_, i) => `LABEL_${i}`);
  const raw = { ...sizes, ...(golden.problemType && { problem_type: golden.problemType }) };
  const stored = { ...parseConfig(raw, 'answers-golden.json'), labels };
  const config = { ...stored, problemType: problemTypeOf(stored) };
  const problem = problems[config.problemType];
  const next = draws(7);
  const parameters: Parameters = new Map(
    golden.parameters.map(([name, shape]) => {
      const base = name.endsWith('LayerNorm.weight') ? 1 : 0;
      return [name, { shape, data: next(size(shape)).map((value) => base + value) }];
    }),
  );

  async function run(positives?: readonly number[]): Promise<Record<string, Tensor>> {
    const g = new Graph();
    const weights = inputWeights(g, parameters);
    const inputs = {
      words: g.gather(weights(WORD_EMBEDDINGS), g.input('ids', 'int64', ['N'])),
      types: g.input('types', 'int64', ['N']),
      sequence: g.input('sequence', 'int64', ['N']),
    };
    const targets = g.input('targets', 'float32', ['B', labels.length]); // says how many texts there are
    const net = network(g, weights, config, inputs, { pruning: 'none', heads: headSettings('none', false) });
    g.output('logits', net.logits);
    if (golden.targets) {
      const weight = positives && g.constant('positives', Float32Array.from(positives), [labels.length]);
      const loss = problem.loss(g, net.logits, targets, g.input('rowWeights', 'float32', ['B']), weight);
      const names = Object.keys(golden.gradients!);
      const found = backward(g, loss, [net.logits, ...names.map(weights)]);
      for (const [i, gradient] of found.entries()) g.output(`gradient.${['logits', ...names][i]}`, gradient);
      g.output('loss', loss);
    }
    const program = await compile(g, 'answers');
    const result = await program.run({
      ids: integers(texts.flatMap(({ ids }: { ids: number[] }) => ids)),
      types: integers(texts.flatMap(({ types }: { types: number[] }) => types)),
      sequence: integers(texts.flatMap(({ ids }: { ids: number[] }, text: number) => ids.map(() => text))),
      targets: float32(Float32Array.from((golden.targets ?? golden.logits).flat()), texts.length, labels.length),
      ...(golden.targets && {
        rowWeights: float32(new Float32Array(texts.length).fill(1), texts.length),
      }),
      ...parameterTensors(parameters),
    });
    await program.close();
    return result;
  }

  it("has transformers' logits and its pipeline's scores", async () => {
    const { logits } = await run();
    expect(relativeDistance(floats(logits), golden.logits.flat())).toBeLessThan(NEAR);
    // the pipeline takes its scores from logits in float32
    for (const [text, row] of golden.logits.entries())
      expect(distance(problem.activation(row), golden.scores[text])).toBeLessThan(1e-6);
  });

  it.skipIf(!golden.targets)('has its loss and every gradient', async () => {
    const result = await run();
    expect(Math.abs(floats(result.loss)[0] / golden.loss! - 1)).toBeLessThan(NEAR);
    for (const [name, [largest, ...products]] of Object.entries(golden.gradients!)) {
      const actual = floats(result[`gradient.${name}`]);
      // adding to all logits of a softmax changes nothing: the gradient is zero but for rounding
      const scale = name.endsWith('self.key.bias') ? golden.gradients![name.replace('bias', 'weight')][0] : largest;
      const most = actual.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      expect(Math.abs(most - largest) / scale, name).toBeLessThan(NEAR);
      const along = draws(3);
      for (const product of products) {
        const sum = along(actual.length).reduce((total, u, i) => total + u * actual[i], 0);
        expect(Math.abs(sum - product) / scale / Math.sqrt(actual.length), name).toBeLessThan(NEAR);
      }
    }
  });

  it.skipIf(!golden.positives)(
    'has the loss of texts that have a label weighted against those that have it not',
    async () => {
      const result = await run(golden.positives);
      expect(Math.abs(floats(result.loss)[0] / golden.weightedLoss! - 1)).toBeLessThan(NEAR);
      const expected = golden.weightedGradient!.flat();
      expect(relativeDistance(floats(result['gradient.logits']), expected)).toBeLessThan(NEAR);
    },
  );
});
