/**
 * Where norms stand before attention and feed-forward, soft pruning whose masks are 0 or 1 is hard pruning: the same logits of
 * the main classifier and of every kind of exit head (src/encoder/block.ts, `fade`). Thresholds lie in gaps of the scores.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig, readWeights, WORD_EMBEDDINGS, writeSafetensors } from '../../src/encoder/index.ts';
import { EXIT_KINDS, type ExitKind, headSettings } from '../../src/pyramid/exits/exits.ts';
import { initialHeads } from '../../src/pyramid/exits/heads.ts';
import { network, type Pruning, THRESHOLDS } from '../../src/pyramid/network.ts';
import { bigints, floats, integers } from '../../src/runtime/runtime.ts';
import { distance } from '../support/golden.ts';
import { inputWeights, parameterTensors } from '../support/packed.ts';
import { runGraph } from '../support/run-graph.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { goldens, tinyTensors } from '../support/tiny-family.ts';

const networks = JSON.parse(readFileSync('test/golden/families-network-golden.json', 'utf8'));
const root = temporaryFolder();
/** So cold that every mask is 0 or 1 in float32: scores are further from the thresholds than a hundred of it. */
const TEMPERATURE = 1e-6;
/** Three layers and a head in float32, two orders of adding up. */
const TOLERANCE = 5e-6;

describe.each(['modernbert', 'modernbert-mean'])('%s: masks of 0 and 1', (which) => {
  const { texts, config: raw } = goldens[which];

  async function run(pruning: Pruning, kind: ExitKind, pairs: boolean) {
    const dir = join(root, which);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'config.json'), JSON.stringify(raw));
    await writeSafetensors(join(dir, 'model.safetensors'), tinyTensors(goldens[which]));
    const config = await readConfig(dir);
    const { parameters } = await readWeights(dir, config);
    const heads = headSettings(kind, pairs, 16);
    const thresholds = { shape: [config.layers], data: Float32Array.from(networks[which].thresholds) };
    const all = new Map([...parameters, ...initialHeads({ ...config, initializerRange: 0.3 }, heads, 3)]);
    all.set(THRESHOLDS, thresholds);
    return runGraph(
      (g) => {
        const weights = inputWeights(g, all);
        const inputs = {
          words: g.gather(weights(WORD_EMBEDDINGS), g.input('ids', 'int64', ['N'])),
          types: g.input('types', 'int64', ['N']),
          sequence: g.input('sequence', 'int64', ['N']),
        };
        g.bindDim('B', g.scalar(texts.length, 'int64'));
        const net = network(g, weights, config, inputs, { pruning, heads, temperature: g.scalar(TEMPERATURE) });
        return {
          logits: net.logits,
          ...Object.fromEntries(net.exits.map((exit, i) => [`exit.${i + 1}`, exit])),
          ...Object.fromEntries(net.masks.map((mask, i) => [`mask.${i + 1}`, mask])),
          ...Object.fromEntries(net.layouts.map(({ lengths }, i) => [`lengths.${i}`, lengths])),
        };
      },
      {
        ids: integers(texts.flatMap(({ ids }) => ids)),
        types: integers(texts.flatMap(({ types }) => types)),
        sequence: integers(texts.flatMap(({ ids }, text) => ids.map(() => text))),
        ...parameterTensors(all),
      },
    );
  }

  const all = EXIT_KINDS.flatMap((kind) =>
    (kind === 'aligned' ? [true] : [false, true]).map((pairs) => ({ kind, pairs })),
  );
  // the second differs from the first at the last layer alone
  const cases = which === 'modernbert' ? all : [{ kind: 'pooled', pairs: true } as const];

  it.each(cases)('are hard pruning, $kind heads, pairs $pairs', async ({ kind, pairs }) => {
    const soft = await run('soft', kind, pairs);
    const hard = await run('hard', kind, pairs);
    const dense = await run('none', kind, pairs);
    for (const name of ['logits', 'exit.1', 'exit.2']) {
      const expected = floats(hard[name]);
      expect(distance(floats(soft[name]), expected), name).toBeLessThan(TOLERANCE);
      // it is not what it would be without pruning; the first exit may be asked of rows that all are there
      if (name !== 'exit.1') expect(distance(floats(dense[name]), expected), name).toBeGreaterThan(1e-3);
    }
    for (let layer = 1; layer <= 3; layer++) {
      const masks = floats(soft[`mask.${layer}`]);
      for (const mask of masks) expect(Math.min(mask, 1 - mask)).toBeLessThan(1e-30);
      let first = 0;
      const left = texts.map(({ ids }) => {
        const own = masks.subarray(first, first + ids.length);
        first += ids.length;
        return own.reduce((sum, mask) => sum + mask, 0);
      });
      expect(left).toEqual(Array.from(bigints(hard[`lengths.${layer}`]), Number));
    }
  });
});
