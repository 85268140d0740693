/** A model folder with random weights, large enough that texts differ in what is pruned and where they leave. */
import { join } from 'node:path';
import {
  type EncoderConfig,
  FAMILIES,
  type FamilyName,
  initialise,
  parameterShapes,
  parseConfig,
  withoutNetwork,
} from '../../src/encoder/index.ts';
import type { HeadKind } from '../../src/pyramid/exits/exits.ts';
import { headSettings } from '../../src/pyramid/exits/exits.ts';
import { initialHeads } from '../../src/pyramid/exits/heads.ts';
import { writeModelFolder } from '../../src/pyramid/folder/disk-model.ts';
import type { PyramidModel } from '../../src/pyramid/folder/model-folder.ts';
import { randomStream } from '../../src/random.ts';
import { tokenizerFromFiles } from '../../src/text/tokenizer/tokenizer.ts';
import { wordPieceFiles } from '../../src/text/tokenizer/wordpiece-files.ts';
import { randomFloor } from './random-floor.ts';

export interface RandomModelOptions {
  readonly seed: number;
  /** 'bert' where left out. */
  readonly family?: FamilyName;
  /** Beside the sizes. */
  readonly more?: Readonly<Record<string, unknown>>;
  readonly kind: HeadKind;
  readonly prunes: boolean;
  readonly pairs?: boolean;
  readonly layers?: number;
  readonly hiddenSize?: number;
  readonly labels?: readonly string[];
  readonly tau?: number | null;
  readonly problemType?: EncoderConfig['problemType'];
  /** The tokenizer's files; left out, one that knows WORDS. */
  readonly tokenizer?: Readonly<Record<string, string>>;
  readonly maxLength?: number;
  /** With a floor 0. */
  readonly floor?: boolean;
  /** See `randomFloor`. */
  readonly figures?: number;
  /** Tokens of a text that floor 0 reads; left out: all. */
  readonly floorTokens?: number;
  /** [L], see sum.ts; left out: all are 1. */
  readonly exitTemperatures?: readonly number[];
  /** [C], of a model that gives a text any number of labels. */
  readonly labelThresholds?: readonly number[];
  /** Of a model that gives a number. */
  readonly valueSpread?: number;
}

/** What DeBERTa-v3 needs beside sizes; distances from 3 on share buckets. */
export const DEBERTA: Readonly<Record<string, unknown>> = {
  ...{ relative_attention: true, position_biased_input: false, share_att_key: true, norm_rel_ebd: 'layer_norm' },
  ...{ pos_att_type: 'p2c|c2p', position_buckets: 6, max_relative_positions: -1, type_vocab_size: 0 },
};

export const WORDS = Array.from({ length: 200 }, (_, i) => `w${i}`);
export const MAX_LENGTH = 48;

const FILES = wordPieceFiles(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...WORDS]);

/** The random model's tokenizer with two separators between a pair's texts, and no token types to tell them apart. */
export const UNTYPED: Readonly<Record<string, string>> = {
  ...FILES,
  'tokenizer.json': JSON.stringify({
    ...JSON.parse(FILES['tokenizer.json']),
    post_processor: { type: 'RobertaProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] },
  }),
  'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast' }),
};

/** Writes the folder `name` under `root`. */
export async function randomModel(
  root: string,
  name: string,
  {
    seed,
    family = 'bert',
    more = {},
    kind,
    prunes,
    pairs = false,
    layers = 4,
    hiddenSize = 32,
    labels = ['a', 'b', 'c'],
    tau = null,
    problemType,
    tokenizer,
    maxLength = MAX_LENGTH,
    floor: hasFloor = false,
    figures,
    floorTokens,
    exitTemperatures,
    labelThresholds,
    valueSpread,
  }: RandomModelOptions,
): Promise<{ dir: string; model: PyramidModel }> {
  const files = tokenizer ?? FILES;
  const loaded = tokenizerFromFiles(files);
  const { keys } = FAMILIES[family];
  const config = parseConfig(
    {
      model_type: family,
      [keys.vocabularySize]: loaded.vocabularySize,
      [keys.hiddenSize]: hiddenSize,
      [keys.layers]: layers,
      [keys.heads]: 4,
      [keys.intermediateSize]: 2 * hiddenSize,
      [keys.maxPositions]: maxLength + 16,
      type_vocab_size: 2,
      ...more,
      initializer_range: 0.25,
      problem_type: problemType ?? 'single_label_classification',
      id2label: Object.fromEntries(labels.map((label, i) => [i, label])),
    },
    name,
  );
  const range = config.initializerRange;
  const parameters = new Map(
    [...parameterShapes(config)].map(([key, shape]) => {
      const random = randomStream(seed, 'bias', key);
      const tensor = initialise(key, shape, seed, range);
      // a trained model's biases are not zero
      if (key.endsWith('bias')) for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = 0.1 * random.normal();
      return [key, tensor];
    }),
  );
  const settings = headSettings(kind, pairs, 16);
  const floor = hasFloor
    ? randomFloor({
        seed,
        labels: labels.length,
        several: problemType === 'multi_label_classification',
        tokenizer: loaded,
        pairs,
        figures,
        maxTokens: floorTokens,
      })
    : null;
  const model: PyramidModel = {
    config,
    info: {
      format: labelThresholds || valueSpread ? 4 : exitTemperatures ? 3 : floor ? 2 : 1,
      ...(labelThresholds && { labelThresholds }),
      ...(valueSpread && { valueSpread }),
      ...(floor && { floor: floor.info }),
      ...(exitTemperatures && { exitTemperatures }),
      method: kind === 'none' ? (prunes ? 'ltp' : 'bert') : prunes ? 'mp' : 'fastbert',
      exitHead: kind,
      exitTraining: 'joint',
      pairs,
      headWidth: 16,
      prunes,
      temperature: 1e-3,
      lambda: 0.1,
      maxLength,
      tau,
    },
    parameters,
    heads: initialHeads(config, settings, seed),
    headSettings: settings,
    thresholds: prunes ? Float32Array.from({ length: layers }, (_, i) => (0.03 * (i + 1)) / layers) : null,
    floor,
  };
  const dir = join(root, name);
  await writeModelFolder(dir, model, files);
  return { dir, model };
}

/** Writes the folder `name` under `root`: floor 0 alone, without a network. */
export async function randomLinearModel(
  root: string,
  name: string,
  {
    seed,
    labels = ['a', 'b', 'c'],
    pairs = false,
    tokenizer: given,
    figures,
  }: Pick<RandomModelOptions, 'seed' | 'labels' | 'pairs' | 'tokenizer' | 'figures'>,
): Promise<{ dir: string; model: PyramidModel }> {
  const files = given ?? wordPieceFiles(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...WORDS]);
  const tokenizer = tokenizerFromFiles(files);
  const floor = randomFloor({ seed, labels: labels.length, tokenizer, pairs, figures });
  const none = headSettings('none', pairs);
  const model: PyramidModel = {
    config: withoutNetwork(labels, tokenizer.vocabularySize),
    info: {
      format: 2,
      floor: floor.info,
      method: 'linear',
      exitHead: 'none',
      exitTraining: 'frozen',
      pairs,
      headWidth: none.width,
      prunes: false,
      temperature: 0,
      lambda: 0,
      maxLength: MAX_LENGTH,
      tau: null,
    },
    parameters: new Map(),
    heads: new Map(),
    headSettings: none,
    thresholds: null,
    floor,
  };
  const dir = join(root, name);
  await writeModelFolder(dir, model, files);
  return { dir, model };
}

/** Texts of 0 to `longest` words, with some of unknown ones. */
export function randomTexts(seed: number, count: number, longest = 40): string[] {
  const random = randomStream(seed, 'texts');
  return Array.from({ length: count }, () =>
    Array.from({ length: random.integer(longest + 1) }, () =>
      random.next() < 0.05 ? 'unseen' : WORDS[random.integer(WORDS.length)],
    ).join(' '),
  );
}
