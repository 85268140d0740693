/** What must be the same for a run to go on, or to count as done. */
import { describe, expect, test } from 'vitest';
import type { MethodName } from '../../src/train/defaults.ts';
import { methods } from '../../src/train/methods.ts';
import { type GivenTrainOptions, resolveTrainOptions } from '../../src/train/options.ts';
import { comparable } from '../../src/train/run.ts';

const dataset = { name: 'rows', labels: ['a', 'b'], pairs: false, examples: [{ text: 'one', label: 0 }] };
const settings = (method: MethodName, epochs: Record<string, number>, more: GivenTrainOptions = {}) =>
  comparable(
    resolveTrainOptions({
      task: 'mrpc',
      method,
      out: 'run',
      ...more,
      epochs: { regular: 3, soft: 1, hard: 2, heads: 6, ...epochs },
    }),
    { train: dataset, validation: dataset },
  );

describe.each(Object.keys(methods) as MethodName[])('%s', (method) => {
  test.each(['regular', 'soft', 'hard', 'heads'] as const)(
    'other epochs of the %s stage matter if it runs it',
    (stage) => {
      const runs = methods[method].stages.includes(stage);
      const [before, after] = [settings(method, {}), settings(method, { [stage]: 9 })];
      if (runs) expect(after).not.toEqual(before);
      else expect(after).toEqual(before);
    },
  );

  test.each([{ headLearningRate: 0.01 }, { headBatchSize: 7 }])('%j matters if it runs the heads stage', (other) => {
    const [before, after] = [settings(method, {}), settings(method, {}, other)];
    if (methods[method].stages.includes('heads')) expect(after).not.toEqual(before);
    else expect(after).toEqual(before);
  });
});
