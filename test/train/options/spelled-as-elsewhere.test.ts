/** Hugging Face's names of training options, and values of its own, as flags. */
import { describe, expect, test } from 'vitest';
import { dashedFlags, keyOf } from '../../../src/cli/options/spelling.ts';
import { readOption } from '../../../src/option.ts';
import { type TrainOptions, trainTable } from '../../../src/train/options/defaults.ts';

const names: readonly (readonly [name: string, key: keyof TrainOptions, raw: unknown, value: unknown])[] = [
  ['lr_scheduler_type', 'learningRateSchedule', 'cosine', 'cosine'],
  ['lr_scheduler_type', 'learningRateSchedule', 'constant_with_warmup', 'constant'],
  ['warmup_steps', 'warmupSteps', '30', 30],
  ['gradient_accumulation_steps', 'gradientAccumulation', '4', 4],
  ['label_smoothing_factor', 'labelSmoothing', '0.1', 0.1],
  ['load_best_model_at_end', 'keep', 'true', 'best'],
  ['load_best_model_at_end', 'keep', false, 'last'],
  ['early_stopping_patience', 'patience', '2', 2],
  ['hidden_dropout_prob', 'dropout', '0', 0],
];

describe.each(names)('%s', (name, key, raw, value) => {
  test(`is ${key}, and ${raw} is ${value}`, () => {
    expect(keyOf(trainTable, name)).toBe(key);
    const [flag] = dashedFlags([`--${name}`], trainTable);
    expect(keyOf(trainTable, flag.slice(2).replaceAll('-', '_'))).toBe(key);
    expect(readOption(trainTable[key] as never, raw, name)).toEqual(value);
  });
});
