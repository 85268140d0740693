/**
 * Where words say nothing floor 0 must do no harm: a task that word order alone decides, 60 : 40. Every text has the same two
 * marked words among others, never side by side, and its label is which of them comes first.
 */
import { expect, test } from 'vitest';
import { chooseTau, judge, type Trace } from '../../../src/evaluate/index.ts';
import { exitLogits } from '../../../src/pyramid/exits/sum.ts';
import { logSoftmax } from '../../../src/pyramid/logits.ts';
import { randomStream } from '../../../src/random.ts';
import type { Dataset } from '../../../src/text/index.ts';
import { stageSettings } from '../../../src/train/stages/stage-settings.ts';
import { encodeRows } from '../../../src/train/start/encoded-rows.ts';
import { startingModel } from '../../../src/train/start/starting-model.ts';
import { trainPyramid } from '../../../src/train/with-floor/train-pyramid.ts';
import { cpu } from '../../support/cpu.ts';
import { tinyOptions } from '../../support/scratch-data.ts';

const words = 'time year people way day man thing woman life child world school'.split(' ');

function ordered(rows: number, seed: number, name: string): Dataset {
  const random = randomStream(seed, 'word order', name);
  const some = () => Array.from({ length: 1 + random.integer(3) }, () => words[random.integer(words.length)]);
  const examples = Array.from({ length: rows }, () => {
    const label = random.next() < 0.6 ? 0 : 1;
    const [first, second] = label === 0 ? ['north', 'south'] : ['south', 'north'];
    return { text: [...some(), first, ...some(), second, ...some()].join(' '), label };
  });
  return { name, labels: ['northwards', 'southwards'], pairs: false, examples };
}

/** As if there had been no floor 0. */
const without = ({ floor: _, entries, ...rest }: Trace): Trace => ({
  ...rest,
  entries: entries.map(({ floor: _, ...entry }) => entry),
});

const logLosses = ({ entries, floor: sum }: Trace): number[] =>
  entries.map(
    ({ logits, floor, label }) => -logSoftmax(exitLogits(logits, floor ?? null, sum ?? null).layers.at(-1)!)[label],
  );

/** Accuracy that tau may cost, with floor 0 as without. */
const MAX_DROP = 0.005;

interface Figures {
  readonly accuracy: number;
  readonly macroF1: number;
  readonly logLoss: number;
  readonly atTau: number;
}

function figures(validation: Trace, test: Trace): Figures {
  const full = judge(test, null);
  const { tau } = chooseTau(validation, { baseline: judge(validation, null).accuracy, maxDrop: MAX_DROP });
  const losses = logLosses(test);
  return {
    accuracy: full.accuracy,
    macroF1: full.macroF1,
    logLoss: losses.reduce((a, b) => a + b) / losses.length,
    atTau: judge(test, tau).accuracy,
  };
}

test('accuracy, log-loss and macro F1 are none worse beyond noise over five seeds', async () => {
  const gains: Figures[] = [];
  const networks: number[] = [];
  for (let seed = 0; seed < 5; seed++) {
    const rows = {
      train: ordered(1200, seed, 'train'),
      validation: ordered(400, seed, 'validation'),
      test: ordered(1000, seed, 'test'),
    };
    const options = tinyOptions({
      ...{ method: 'mp', seed, hiddenSize: 32, layers: 3, batchSize: 16, learningRate: 2e-3, maxLength: 24 },
      epochs: { regular: 6, soft: 1, hard: 1, heads: 3 },
    });
    const start = await startingModel(options, rows, false);
    const sets = encodeRows(start.tokenizer, rows, options.maxLength);
    const pyramid = await trainPyramid({
      ...{ name: 'mp', options, start: start.state, pairs: false, rows, tokenizer: start.tokenizer, train: sets.train },
      ...{ validation: sets.validation, settings: stageSettings(options, rows.train, cpu), onEvent: () => {} },
    });
    const test = await pyramid.trace(rows.test, sets.test);
    const own = figures(without(pyramid.validation), without(test));
    const summed = figures(pyramid.validation, test);
    networks.push(own.accuracy);
    gains.push({
      accuracy: summed.accuracy - own.accuracy,
      macroF1: summed.macroF1 - own.macroF1,
      logLoss: own.logLoss - summed.logLoss,
      atTau: summed.atTau - own.atTau,
    });
  }
  // the network learns what words alone cannot say, so there is something to be harmed
  expect(Math.max(...networks)).toBeGreaterThan(0.9);
  for (const name of ['accuracy', 'macroF1', 'logLoss'] as const) {
    const values = gains.map((gain) => gain[name]);
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    const error = Math.sqrt(variance / values.length);
    expect(mean, `${name}: ${values.join(', ')}`).toBeGreaterThanOrEqual(-2 * error - 1e-9);
  }
  // the dial has one more exit to spend its allowance on, and no more than that
  const atTau = gains.reduce((sum, gain) => sum + gain.atTau, 0) / gains.length;
  expect(atTau).toBeGreaterThanOrEqual(-MAX_DROP);
});
