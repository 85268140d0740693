/** What holds for any weights, texts and thresholds (seeds of fast-check in the titles). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Parameters, parameterShapes, parseConfig, WORD_EMBEDDINGS } from '../../src/encoder/index.ts';
import { Graph } from '../../src/graph/index.ts';
import { headSettings } from '../../src/pyramid/exits/exits.ts';
import { headName } from '../../src/pyramid/exits/head-name.ts';
import { headShapes } from '../../src/pyramid/exits/heads.ts';
import { network, THRESHOLDS } from '../../src/pyramid/network.ts';
import { peek } from '../../src/pyramid/peek.ts';
import { randomStream } from '../../src/random.ts';
import { bigints, floats, integers, type Program } from '../../src/runtime/runtime.ts';
import { compile } from '../support/cpu.ts';
import { distance } from '../support/golden.ts';
import { maskedNetwork } from '../support/masked-network.ts';
import { inputWeights, parameterTensors } from '../support/packed.ts';

const SEED = 20;
const VOCABULARY = 40;
const config = {
  ...parseConfig(
    {
      vocab_size: VOCABULARY,
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
const heads = headSettings('pooled', true);

/** Weights far from zero, so that attention is uneven and every bias counts. */
function randomParameters(seed: number): Parameters {
  const parameters: Parameters = new Map();
  for (const [name, shape] of [...parameterShapes(config), ...headShapes(config, heads)]) {
    const random = randomStream(seed, name);
    const base = name.endsWith('LayerNorm.weight') ? 1 : 0;
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => base + 0.3 * random.normal());
    parameters.set(name, { shape, data });
  }
  return parameters;
}

const texts = fc.array(
  fc.record({
    ids: fc.array(fc.integer({ min: 3, max: VOCABULARY - 1 }), { minLength: 1, maxLength: 15 }),
    second: fc.integer({ min: 0, max: 15 }),
  }),
  { minLength: 1, maxLength: 5 },
);
/** Thresholds about as large as scores of texts of some ten tokens. */
const thresholds = fc.array(fc.double({ min: 0, max: 0.25, noNaN: true }), { minLength: layers, maxLength: layers });
const cases = fc.record({ seed: fc.integer({ min: 0, max: 1e6 }), texts, thresholds });
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;
interface Text {
  readonly ids: readonly number[];
  readonly types: readonly number[];
}
const textsOf = ({ texts: given }: Case): Text[] =>
  given.map(({ ids, second }) => ({ ids: [2, ...ids], types: [0, ...ids.map((_, i) => Number(i >= second))] }));

async function program(pruning: 'hard' | 'soft'): Promise<Program> {
  const g = new Graph();
  // shapes only: the values are given with each run
  const weights = inputWeights(g, parametersOf({ seed: 0, texts: [], thresholds: new Array(layers).fill(0) }));
  const inputs = {
    words: g.gather(weights(WORD_EMBEDDINGS), g.input('ids', 'int64', ['N'])),
    types: g.input('types', 'int64', ['N']),
    sequence: g.input('sequence', 'int64', ['N']),
  };
  g.bindDim('B', g.add(g.op('ReduceMax', [inputs.sequence], { axes: [0], keepDims: false }), 1));
  const net = network(g, weights, config, inputs, { pruning, heads, temperature: g.scalar(0.01) });
  g.output('logits', net.logits);
  net.exits.forEach((exit, i) => {
    g.output(`exit.${i + 1}`, exit);
  });
  net.scores.forEach((score, i) => {
    g.output(`score.${i + 1}`, score!);
    g.output(`sequence.${i}`, net.layouts[i].sequence);
    g.output(`lengths.${i + 1}`, net.layouts[i + 1].lengths);
    g.output(`cls.${i + 1}`, g.takeRows(net.hidden[i + 1], net.layouts[i + 1].first));
    if (pruning === 'hard') g.output(`peek.${i + 1}`, peek(g, weights, config, i, net.hidden[i], net.layouts[i]).cls);
  });
  return compile(g, 'property');
}

const parametersOf = ({ seed, thresholds: delta }: Case): Parameters =>
  randomParameters(seed).set(THRESHOLDS, { shape: [layers], data: Float32Array.from(delta) });
const feeds = (parameters: Parameters, given: readonly Text[]) => ({
  ...parameterTensors(parameters),
  ids: integers(given.flatMap(({ ids }) => ids)),
  types: integers(given.flatMap(({ types }) => types)),
  sequence: integers(given.flatMap(({ ids }, text) => ids.map(() => text))),
});
/** A score this near its threshold may fall on either side in float32. */
const NEAR = 1e-5;

describe(`the network, for any weights, texts and thresholds (seed ${SEED})`, () => {
  it('gives by removing rows what masking them in float64 gives, at every head', async () => {
    const run = await program('hard');
    let removed = 0;
    let stayed = 0;
    let skipped = 0;
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        const parameters = parametersOf(given);
        const all = textsOf(given);
        const result = await run.run(feeds(parameters, all));
        all.forEach((text, at) => {
          const expected = maskedNetwork(config, parameters, text, headName);
          if (expected.gap < NEAR) {
            skipped++;
            return;
          }
          compared++;
          const row = (name: string) => floats(result[name]).subarray(3 * at, 3 * at + 3);
          for (let layer = 1; layer <= layers; layer++) {
            expect(Number(bigints(result[`lengths.${layer}`])[at])).toBe(expected.tokens[layer]);
            expect(
              distance(row(layer === layers ? 'logits' : `exit.${layer}`), expected.logits[layer - 1]),
            ).toBeLessThan(1e-4);
          }
          const left = expected.tokens[layers];
          removed += text.ids.length - left;
          stayed += left - 1;
        });
      }),
      { seed: SEED, numRuns: 60 },
    );
    await run.close();
    // tokens were removed, others than [CLS] stayed, and nearly all texts were compared
    expect(removed).toBeGreaterThan(100);
    expect(stayed).toBeGreaterThan(100);
    expect(skipped).toBeLessThan(compared / 20);
  });

  it("scores sum to 1 over each text's live tokens, at every layer", async () => {
    const run = await program('hard');
    let pruned = 0;
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        const all = textsOf(given);
        const result = await run.run(feeds(parametersOf(given), all));
        for (let layer = 1; layer <= layers; layer++) {
          const sums = new Array<number>(all.length).fill(0);
          const sequence = bigints(result[`sequence.${layer - 1}`]);
          floats(result[`score.${layer}`]).forEach((score, row) => {
            expect(score).toBeGreaterThan(0);
            sums[Number(sequence[row])] += score;
          });
          for (const sum of sums) expect(Math.abs(sum - 1)).toBeLessThan(1e-5);
        }
        pruned += all.flatMap(({ ids }) => ids).length - floats(result[`score.${layers}`]).length;
      }),
      { seed: SEED, numRuns: 60 },
    );
    await run.close();
    expect(pruned).toBeGreaterThan(100);
  });

  it.each(['hard', 'soft'] as const)(
    "a text's logits at every head do not depend on its batch (%s pruning)",
    async (pruning) => {
      const run = await program(pruning);
      await fc.assert(
        fc.asyncProperty(cases, async (given) => {
          const parameters = parametersOf(given);
          const all = textsOf(given);
          const together = await run.run(feeds(parameters, all));
          for (const [at, text] of all.entries()) {
            const alone = await run.run(feeds(parameters, [text]));
            // a score at its threshold may round to either side: then the tokens differ, not the numbers
            const sameTokens = Array.from({ length: layers }, (_, l) => `lengths.${l + 1}`).every(
              (name) => bigints(together[name])[at] === bigints(alone[name])[0],
            );
            if (pruning === 'soft') expect(sameTokens).toBe(true);
            if (!sameTokens) continue;
            for (const name of ['logits', ...Array.from({ length: layers - 1 }, (_, l) => `exit.${l + 1}`)])
              expect(distance(floats(together[name]).subarray(3 * at, 3 * at + 3), floats(alone[name]))).toBeLessThan(
                1e-5,
              );
          }
        }),
        { seed: SEED, numRuns: 60 },
      );
      await run.close();
    },
  );

  it("the peek is the layer's [CLS], at every layer", async () => {
    const run = await program('hard');
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        const result = await run.run(feeds(parametersOf(given), textsOf(given)));
        for (let layer = 1; layer <= layers; layer++)
          expect(distance(floats(result[`peek.${layer}`]), floats(result[`cls.${layer}`]))).toBeLessThan(1e-5);
      }),
      { seed: SEED, numRuns: 60 },
    );
    await run.close();
  });
});
