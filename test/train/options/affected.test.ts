/** What the option table's column `affects` leads to. An option that is added is tried here by itself. */
import { describe, expect, test } from 'vitest';
import { type StageName, stageList } from '../../../src/train/methods.ts';
import { commonOptions, effectsOf, runOptions, stageOptions } from '../../../src/train/options/affected.ts';
import { type TrainOptions, trainTable } from '../../../src/train/options/defaults.ts';
import { resolveTrainOptions } from '../../../src/train/options/resolve.ts';
import { stagePath } from '../../../src/train/stages/run-method.ts';

const options = resolveTrainOptions({ train: 'rows.csv', out: 'run', method: 'mp' });
const stages = stageList('mp', options); // regular, heads, soft, hard, heads
const keys = Object.keys(trainTable) as (keyof TrainOptions)[];
/** The options with another value of one, whatever it is. */
const other = (key: keyof TrainOptions): TrainOptions => {
  const value = key === 'epochs' ? { regular: 8, soft: 8, hard: 8, heads: 8 } : { another: options[key] };
  return { ...options, [key]: value as never };
};
const inStages: readonly string[] = ['regular', 'soft', 'hard', 'heads', 'joint'];

test('every option says what it affects', () => {
  for (const key of keys) expect(Array.isArray(effectsOf(key)), key).toBe(true);
});

describe.each(keys.filter((key) => !['method', 'exitTraining', 'jointFrom', 'exitHead'].includes(key)))('%s', (key) => {
  const effects = effectsOf(key);
  const changed = other(key);
  const touches = (stage: StageName) =>
    effects.includes(stage) || (effects.includes('joint') && (stage === 'soft' || stage === 'hard'));

  test('makes another path of the first stage that it affects and all that follow, and of none before', () => {
    const first = stages.findIndex((stage) => touches(stage));
    for (let count = 1; count <= stages.length; count++) {
      const isOther = stagePath('mp', changed, count) !== stagePath('mp', options, count);
      // heads that are fitted before they join have one epoch, however many the last have
      const early = key === 'epochs' && first < 0;
      expect([count, isOther]).toEqual([count, !early && first >= 0 && count > first]);
    }
  });

  test('keeps runs from sharing stages where it is of the whole run or its rows', () => {
    const isCommon = effects.includes('run') || effects.includes('rows');
    if (isCommon) expect(commonOptions(changed)).not.toEqual(commonOptions(options));
    else expect(commonOptions(changed)).toEqual(commonOptions(options));
  });

  test('has to agree for a run to be resumed, unless it changes nothing', () => {
    if (effects.length > 0) expect(runOptions(changed)).not.toEqual(runOptions(options));
    else expect(runOptions(changed)).toEqual(runOptions(options));
  });
});

test('a stage depends on nothing that only other stages read', () => {
  expect(Object.keys(stageOptions('soft', options)).some((key) => inStages.includes(key))).toBe(false);
  expect(stageOptions('regular', options)).not.toHaveProperty('delta');
  expect(stageOptions('regular', options)).not.toHaveProperty('jointWeight');
  expect(stageOptions('soft', options)).toHaveProperty('jointWeight');
  expect(stageOptions('soft', { ...options, exitTraining: 'frozen' })).not.toHaveProperty('jointWeight');
});

test('frozen heads and heads that learn with the network never share what they have changed', () => {
  const frozen = { ...options, exitTraining: 'frozen' as const };
  expect(stagePath('mp', frozen, 1)).toBe(stagePath('mp', options, 1)); // the regular stage, before heads join
  for (const count of [2, 3, 4]) expect(stagePath('mp', frozen, count)).not.toBe(stagePath('mp', options, count));
});
