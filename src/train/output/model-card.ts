/** README.md of a model folder: the model card that Hugging Face shows, made from the run. */
import { type EncoderConfig, FAMILIES } from '../../encoder/index.ts';
import type { ClockFigures } from '../../evaluate/clock-figures.ts';
import type { PyramidInfo } from '../../pyramid/folder/model-folder.ts';
import { headsJoin } from '../methods.ts';
import type { TrainOptions } from '../options/defaults.ts';
import type { Rows } from '../start/rows.ts';
import { figureRows, timeNote } from './figures.ts';

export interface CardFacts {
  readonly info: PyramidInfo;
  readonly config: EncoderConfig;
  readonly options: TrainOptions;
  readonly metrics: Readonly<Record<string, number>>;
  readonly rows: Rows;
  readonly clock: ClockFigures | null;
}

export function modelCard({ info, config, options, metrics, rows, clock }: CardFacts): string {
  const judgedOn = rows.test ? 'test' : 'validation';
  const figures = figureRows({ metrics, tau: info.tau, judgedOn, clock }).map(
    ([what, value]) => `| ${what} | ${value} |`,
  );
  return `---
library_name: magic-pyramid
pipeline_tag: text-classification
tags: [text-classification, bert, early-exit, token-pruning]
---

# Text classifier for ${config.labels.map(plain).join(', ')}

Trained by magic-pyramid with the method \`${info.method}\` on ${rows.train.examples.length} rows of ${plain(rows.train.name)}${
    options.model === 'scratch' ? ', from scratch' : `, from ${plain(options.model.split(/[\\/]/).pop() ?? '')}`
  }: ${config.layers} layers of ${config.hiddenSize}, texts of up to ${info.maxLength} tokens.
It opens in Hugging Face transformers as a dense \`${FAMILIES[config.family].architecture}\`; \`magic-pyramid\` also uses its ${
    [
      info.prunes && 'token thresholds',
      info.exitHead !== 'none' && `${info.exitHead} exit heads (${exitTraining(options)})`,
    ]
      .filter(Boolean)
      .join(' and ') || 'weights'
  }.

| on the ${judgedOn} rows | |
|---|---|
${figures.join('\n')}

${timeNote(clock)}

\`\`\`ts
import { Pyramid } from 'magic-pyramid';

const pyramid = await Pyramid.load('DIR');
console.log(await pyramid.classify('a text'));
await pyramid.close();
\`\`\`

Settings, seed, versions and the fingerprint of the rows are in \`training.json\`.
`;
}

/** A name of the user's as it stands, whatever Markdown or HTML would make of it. */
const plain = (name: string): string => name.replace(/\s+/g, ' ').replace(/[\\`*_~[\]<>&|#!]/g, '\\$&');

const exitTraining = (options: TrainOptions): string => {
  const join = headsJoin(options.method, options);
  if (join === null) return 'distilled from the finished network';
  const from = join === 'regular' ? '' : `, from the stage ${join} on`;
  const by = options.jointTargets === 'labels' ? '' : ", by the main classifier's answers";
  return `trained jointly with the network${from}${by}`;
};
