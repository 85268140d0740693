/** all-MiniLM-L6-v2 against Hugging Face's transformers in float64: hidden states and importance scores of real texts. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { block, embed, layoutOf, readConfig, readWeights, WORD_EMBEDDINGS } from '../../src/encoder/index.ts';
import { Graph } from '../../src/graph/index.ts';
import { floats, integers } from '../../src/runtime/runtime.ts';
import { cpu } from '../support/cpu.ts';
import { distance, GOLDEN, Golden } from '../support/golden.ts';
import { inputWeights, parameterTensors } from '../support/packed.ts';

const MODEL = '../shared/models/all-MiniLM-L6-v2';
const FILE = 'minilm_expected.safetensors';
const TOLERANCE = 1e-4;
const hasFiles = existsSync(MODEL) && existsSync(`${GOLDEN}/${FILE}`);

describe.skipIf(!hasFiles)(`all-MiniLM-L6-v2 (needs ${MODEL} and ${GOLDEN}/${FILE})`, () => {
  it('has the hidden states and importance scores of transformers, all texts in one batch', async () => {
    const golden = await Golden.read(FILE);
    const config = await readConfig(MODEL);
    // a bare encoder: its classifier is made from a seed and not asked
    const { parameters } = await readWeights(MODEL, { ...config, labels: ['a', 'b'] }, { seed: 0 });
    const count = golden.names.filter((name) => name.endsWith('.input_ids')).length;
    expect(count).toBeGreaterThan(0);
    const texts = Array.from({ length: count }, (_, text) => ({
      ids: golden.get(`${text}.input_ids`).data,
      types: golden.get(`${text}.token_type_ids`).data,
    }));

    const g = new Graph();
    const weights = inputWeights(g, parameters);
    const sequence = g.input('sequence', 'int64', ['N']);
    g.bindDim('B', g.add(g.op('ReduceMax', [sequence], { axes: [0], keepDims: false }), 1));
    const layout = layoutOf(g, sequence, { rows: 'N', texts: 'B', padded: 'S' });
    const words = g.gather(weights(WORD_EMBEDDINGS), g.input('ids', 'int64', ['N']));
    let x = embed(g, weights, config, words, layout.position, g.input('types', 'int64', ['N']));
    g.output('hidden.0', x);
    for (let layer = 0; layer < config.layers; layer++) {
      const result = block(g, weights, config, layer, x, layout, {
        // asks for the score and leaves the rows as they are
        gate: (score) => {
          g.output(`score.${layer + 1}`, score);
          return g.add(g.mul(score, 0), 1);
        },
      });
      x = result.x;
      g.output(`hidden.${layer + 1}`, x);
    }
    const program = await cpu.compile(g, 'minilm', { threads: 2 });
    const result = await program.run({
      ...parameterTensors(parameters),
      ids: integers(texts.flatMap(({ ids }) => Array.from(ids))),
      types: integers(texts.flatMap(({ types }) => Array.from(types))),
      sequence: integers(texts.flatMap(({ ids }, text) => Array.from(ids, () => text))),
    });
    await program.close();

    let from = 0;
    texts.forEach(({ ids }, text) => {
      const rows = (name: string, width: number) =>
        floats(result[name]).subarray(from * width, (from + ids.length) * width);
      for (let layer = 0; layer <= config.layers; layer++) {
        const expected = golden.get(`${text}.hidden.${layer}`);
        expect(expected.shape).toEqual([ids.length, config.hiddenSize]);
        const name = `hidden.${layer}`;
        expect(distance(rows(name, config.hiddenSize), expected.data), `${name} of text ${text}`).toBeLessThan(
          TOLERANCE,
        );
        if (layer === 0) continue;
        const score = golden.get(`${text}.score.${layer}`);
        expect(distance(rows(`score.${layer}`, 1), score.data), `score ${layer} of text ${text}`).toBeLessThan(
          TOLERANCE,
        );
      }
      from += ids.length;
    });
    expect(golden.unseen()).toEqual([]);
  });
});
