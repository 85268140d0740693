/** A temperature for each exit: what is fitted, on rows whose right one is known. */
import { describe, expect, test } from 'vitest';
import type { Trace } from '../../../src/evaluate/index.ts';
import { outcomes } from '../../../src/evaluate/outcomes.ts';
import { exitLogits, temperatureAt, tempered } from '../../../src/pyramid/exits/sum.ts';
import { logSoftmax, softmax } from '../../../src/pyramid/logits.ts';
import { randomStream } from '../../../src/random.ts';
import { hasTemperatures } from '../../../src/train/methods.ts';
import { fitTemperatures, withTemperatures } from '../../../src/train/with-floor/exit-temperatures.ts';
import { randomTrace, smallShape } from '../../support/random-trace.ts';

const floor = { weight: 0.7, prior: [0.1, -0.1, 0.2, 0], scale: 1.3 };

/** Labels drawn from the scores that layer `layer` gives at temperature `truth`. */
function drawnFrom(trace: Trace, layer: number, truth: number): Trace {
  const random = randomStream(9, 'labels');
  const entries = trace.entries.map((entry) => {
    const row = exitLogits(entry.logits, entry.floor ?? null, trace.floor ?? null).layers[layer - 1];
    let rest = random.next();
    const label = softmax(row.map((z) => truth * z)).findIndex((p) => {
      rest -= p;
      return rest < 0;
    });
    return { ...entry, label: Math.max(0, label) };
  });
  return { ...trace, entries };
}

const logLoss = ({ entries, floor: sum, temperatures }: Trace, layer: number): number =>
  entries.reduce((total, { label, logits, floor: z0 = null }) => {
    const { layers } = exitLogits(logits, z0, sum ?? null);
    return total - logSoftmax(tempered(layers[layer - 1], temperatureAt(temperatures, layer)))[label];
  }, 0) / entries.length;

describe.each([
  { name: 'with a floor 0', sum: floor },
  { name: 'with exit heads alone', sum: undefined },
])('temperatures of a model $name', ({ sum }) => {
  const trace = randomTrace({ seed: 12, texts: 4000, floor: sum });

  test.each([0.4, 1, 2.2])('are those that the labels were drawn at: %f', (truth) => {
    for (const layer of [1, 4, 6]) {
      const found = fitTemperatures(drawnFrom(trace, layer, truth))!;
      expect(found).toHaveLength(6);
      expect(Math.abs(Math.log(found[layer - 1] / truth))).toBeLessThan(0.1);
    }
  });

  test('lower the log-loss of every exit on their rows, and change no answer', () => {
    const tempered = withTemperatures(trace, fitTemperatures(trace));
    for (let layer = 1; layer <= 6; layer++) expect(logLoss(tempered, layer)).toBeLessThan(logLoss(trace, layer));
    expect(outcomes(tempered).map(({ predicted }) => predicted)).toEqual(
      outcomes(trace).map(({ predicted }) => predicted),
    );
  });

  test('do not hang on those that the trace has, but at exits that are not asked, which keep theirs', () => {
    const found = fitTemperatures(trace)!;
    const before = [3, 3, 3, 3, 3, 3];
    expect(fitTemperatures({ ...trace, temperatures: before })).toEqual(found);
    const asked: Trace = {
      ...trace,
      temperatures: before,
      entries: trace.entries.map((entry) => ({ ...entry, logits: entry.logits.map((row, i) => (i === 1 ? [] : row)) })),
    };
    expect(fitTemperatures(asked)).toEqual(found.with(1, 3));
    expect(fitTemperatures({ ...asked, temperatures: undefined })).toEqual(found.with(1, 1));
  });
});

test('without a network there are none', () => {
  const shape = { ...smallShape, layers: 0, hiddenSize: 0, heads: 0, intermediateSize: 0 };
  expect(fitTemperatures(randomTrace({ seed: 6, texts: 5, shape, headKind: 'none', floor }))).toBeNull();
});

test("our exits have them, the paper's and a network without exits do not", () => {
  const paper = { exitHead: 'cls', exitTraining: 'frozen', floor: 'none' } as const;
  const ours = { exitHead: 'auto', exitTraining: 'joint', floor: 'auto' } as const;
  for (const method of ['bert', 'distilbert', 'ltp', 'linear'] as const)
    for (const exits of [paper, ours]) expect(hasTemperatures({ method, ...exits })).toBe(false);
  for (const method of ['fastbert', 'mp'] as const) {
    expect(hasTemperatures({ method, ...paper })).toBe(false);
    expect(hasTemperatures({ method, ...ours })).toBe(true);
  }
  expect(hasTemperatures({ method: 'mp', ...paper, floor: 'auto' })).toBe(true);
  // fastbert never has a floor 0
  expect(hasTemperatures({ method: 'fastbert', ...paper, floor: 'auto' })).toBe(false);
});
