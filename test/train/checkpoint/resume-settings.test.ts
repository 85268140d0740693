/** What must be the same for a run to go on, or to count as done. */
import { describe, expect, test } from 'vitest';
import { resumeSettings } from '../../../src/train/checkpoint/resume-settings.ts';
import { methods } from '../../../src/train/methods.ts';
import type { MethodName } from '../../../src/train/options/defaults.ts';
import { type GivenTrainOptions, resolveTrainOptions } from '../../../src/train/options/resolve.ts';

const dataset = { name: 'rows', labels: ['a', 'b'], pairs: false, examples: [{ text: 'one', label: 0 }] };
const settings = (method: MethodName, epochs: Record<string, number>, more: GivenTrainOptions = {}) =>
  resumeSettings(
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

  test.each([
    { jointFrom: 'regular' },
    { jointTargets: 'labels' },
    { jointWeight: 0.1 },
    { jointHeadLearningRate: 0.01 },
  ] as const)('%j matters if its heads learn with the network', (other) => {
    for (const exitTraining of ['joint', 'frozen'] as const) {
      const [before, after] = [
        settings(method, {}, { exitTraining }),
        settings(method, {}, { ...other, exitTraining }),
      ];
      if (methods[method].exits && exitTraining === 'joint') expect(after).not.toEqual(before);
      else expect(after).toEqual(before);
    }
  });

  test('the dropout of what heads read of rows matters if it has some', () => {
    for (const exitHead of ['auto', 'aligned', 'pooled', 'cls'] as const) {
      const [before, after] = [
        settings(method, {}, { exitHead }),
        settings(method, {}, { exitHead, pooledDropout: 0.7 }),
      ];
      if (methods[method].exits && exitHead !== 'cls') expect(after).not.toEqual(before);
      else expect(after).toEqual(before);
    }
  });
});
