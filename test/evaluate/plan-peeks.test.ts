import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import { exitOf, outcomes } from '../../src/evaluate/outcomes.ts';
import { type PeekCosts, planPeeks } from '../../src/evaluate/plan-peeks.ts';
import { runTrace } from '../../src/measure/run-trace.ts';
import { leaves } from '../../src/pyramid/exits/exit-rule.ts';
import { writeTau } from '../../src/pyramid/folder/write-tau.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { randomTrace } from '../support/random-trace.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const trace = randomTrace({ seed: 71 });
const even = (ask: number): PeekCosts => ({ ask: Array(5).fill(ask), run: Array(6).fill(1) });

/** Mean cost, step by step, of asking so. */
function cost(asked: readonly boolean[], { ask, run }: PeekCosts, tau: number): number {
  let sum = 0;
  for (const { uncertainty } of outcomes(trace)) {
    const exit = uncertainty.findIndex((u, layer) => layer === 5 || (asked[layer] && u !== null && leaves(u, tau)));
    for (let layer = 0; layer <= exit; layer++) {
      if (layer < 5 && asked[layer]) sum += ask[layer];
      if (layer < exit || layer === 5) sum += run[layer];
    }
  }
  return sum / trace.entries.length;
}

describe('the plan of peeks', () => {
  test('asks every head where asking is free, and none where it costs more than the layers', () => {
    expect(planPeeks(trace, even(0), 0.3).asked).toEqual(Array(5).fill(true));
    expect(planPeeks(trace, even(7), 0.3).asked).toEqual(Array(5).fill(false));
  });

  test.each([0.02, 0.1, 0.3, 0.8])(
    'costs what it says, and within 2 %% of the best of all plans (asking %d)',
    (ask) => {
      for (const tau of [0.1, 0.3, 0.6]) {
        const costs = { ask: [ask, ask, 2 * ask, ask, ask], run: [1, 1, 1, 1, 1, 0.1] };
        const plan = planPeeks(trace, costs, tau);
        expect(plan.cost).toBeCloseTo(cost(plan.asked, costs, tau), 9);
        expect(plan.costOfAll).toBeCloseTo(cost(Array(5).fill(true), costs, tau), 9);
        const all = Array.from({ length: 32 }, (_, bits) =>
          cost(
            Array.from({ length: 5 }, (_, i) => (bits >> i) % 2 === 1),
            costs,
            tau,
          ),
        );
        expect(plan.cost).toBeLessThanOrEqual(1.02 * Math.min(...all));
        expect(plan.cost).toBeLessThanOrEqual(plan.costOfAll);
      }
    },
  );

  test('is not moved by texts that leave at floor 0, which pay for that alone', () => {
    const sum = { weight: 1, prior: [0, 0, 0, 0], scale: 1 };
    const summed = randomTrace({ seed: 72, floor: sum });
    const tau = 0.5;
    const isInside = outcomes(summed).map(({ floorUncertainty: u }) => u === null || !leaves(u, tau));
    const inside = { ...summed, entries: summed.entries.filter((_, i) => isInside[i]) };
    const share = inside.entries.length / summed.entries.length;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.9);
    const alone = planPeeks(inside, even(0.3), tau);
    const plan = planPeeks(summed, { ...even(0.3), floor: 0.01 }, tau);
    expect(plan.asked).toEqual(alone.asked);
    expect(plan.cost).toBeCloseTo(0.01 + share * alone.cost, 9);
    expect(planPeeks(summed, even(0.3), tau).cost).toBeCloseTo(share * alone.cost, 9);
  });

  test('asks no head that the trace has not', () => {
    const entries = trace.entries.map((entry) => ({ ...entry, logits: entry.logits.with(1, []) }));
    const plan = planPeeks({ ...trace, entries }, even(0), 0.3);
    expect(plan.asked).toEqual([true, false, true, true, true]);
  });
});

describe.each(['pooled', 'fastbert'] as const)('a model folder that says which %s heads are asked', (kind) => {
  const root = temporaryFolder();

  test('is run so, and its trace has no logits of the others', async () => {
    const { dir } = await randomModel(root, 'model', { seed: 72, kind, prunes: true });
    await writeTau(dir, { tau: null, dtype: 'fp32', asked: [true, false, true] });
    const texts = randomTexts(72, 150);
    const pyramid = await Pyramid.load(dir, { workers: 1 });
    const examples = texts.map((text) => ({ text, label: 0 }));
    const trace = await runTrace(pyramid, { name: 'rows', labels: ['a'], pairs: false, examples });
    for (const { logits } of trace.entries) expect(logits.map((row) => row.length)).toEqual([3, 0, 3, 3]);
    const judged = outcomes(trace, { peeks: 'all' });
    const exits = new Set<number>();
    for (const tau of [null, 0.8, 0.95]) {
      const answers = await pyramid.classify(texts, { tau });
      answers.forEach(({ exit, flops }, i) => {
        expect(exit).toBe(exitOf(judged[i], tau));
        if (kind === 'pooled') {
          expect(flops).toBe(tau === null ? judged[i].actualWithoutExits : judged[i].actual[exit]);
        }
        exits.add(exit);
      });
    }
    expect(exits.size).toBeGreaterThan(1);
    expect(exits.has(2)).toBe(false);
    await pyramid.close();
  });

  test('is refused where it does not say so for every layer', async () => {
    const { dir } = await randomModel(root, 'whole', { seed: 73, kind, prunes: false });
    for (const asked of [[true], [true, false, 1], 'all']) {
      const broken = join(root, 'broken');
      await cp(dir, broken, { recursive: true });
      const config = JSON.parse(await readFile(join(dir, 'config.json'), 'utf8'));
      await writeFile(
        join(broken, 'config.json'),
        JSON.stringify({ ...config, pyramid: { ...config.pyramid, asked } }),
      );
      await expect(Pyramid.load(broken, { workers: 1 })).rejects.toThrow('pyramid.asked is');
    }
  });
});
