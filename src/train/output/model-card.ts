/** README.md of a model folder: the model card that Hugging Face shows, made from the run. */
import { type EncoderConfig, FAMILIES, hasNetwork } from '../../encoder/index.ts';
import type { ByLabel } from '../../evaluate/by-label.ts';
import type { ClockFigures } from '../../evaluate/clock-figures.ts';
import { withDialSection } from '../../pyramid/folder/dial-section.ts';
import type { PyramidInfo } from '../../pyramid/folder/model-folder.ts';
import { labelTables } from '../../report/label-tables.ts';
import { tableMarkdown } from '../../report/report-table.ts';
import { headsJoin } from '../methods.ts';
import type { TrainOptions } from '../options/defaults.ts';
import type { DialChoice } from '../trace/set-dial.ts';
import type { LearnedFloor } from '../with-floor/learn-floor.ts';
import { figureRows, timeNote } from './figures.ts';

export interface CardFacts {
  readonly info: PyramidInfo;
  readonly config: EncoderConfig;
  readonly options: TrainOptions;
  readonly metrics: Readonly<Record<string, number>>;
  /** At tau, of the rows that were judged; null: there is none. */
  readonly byLabel: ByLabel | null;
  /** Of the training rows. */
  readonly trained: { readonly name: string; readonly rows: number };
  readonly judgedOn: 'test' | 'validation';
  readonly floor: Pick<LearnedFloor, 'parts' | 'facts'> | null;
  readonly dial: DialChoice | null;
  readonly clock: ClockFigures | null;
}

export function modelCard(facts: CardFacts): string {
  const { info, config, options, metrics, byLabel, trained, judgedOn, floor, dial, clock } = facts;
  const figures = figureRows({ metrics, tau: info.tau, dial, judgedOn, clock }).map(
    ([what, value]) => `| ${what} | ${value} |`,
  );
  const card = `---
library_name: magic-pyramid
pipeline_tag: text-classification
tags: [${hasNetwork(config) ? 'text-classification, bert, early-exit, token-pruning' : 'text-classification, linear, tf-idf'}]
---

# Text classifier for ${config.labels.map(plain).join(', ')}

Trained by magic-pyramid with the method \`${info.method}\` on ${trained.rows} rows of ${plain(trained.name)}${
    options.model === 'scratch' ? ', from scratch' : `, from ${plain(options.model.split(/[\\/]/).pop() ?? '')}`
  }${hasNetwork(config) ? networkSentences(info, config, options) : '.'}
${floor ? `\n${floorSentences(floor, hasNetwork(config))}\n` : ''}
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
${byLabel === null ? '' : `\n${labelSections(byLabel, `${judgedOn} rows${info.tau === null ? '' : `, at tau ${info.tau}`}`)}\n`}`;
  return withDialSection(card, info);
}

/** `of`: which answers are judged. */
const labelSections = (figures: ByLabel, of: string): string =>
  labelTables(figures)
    .map((table) => tableMarkdown({ ...table, caption: `Of the ${of}. ${table.caption}` }))
    .join('\n\n');

const networkSentences = (info: PyramidInfo, config: EncoderConfig, options: TrainOptions): string =>
  `: ${config.layers} layers of ${config.hiddenSize}, texts of up to ${info.maxLength} tokens.
It opens in Hugging Face transformers as a dense \`${FAMILIES[config.family].architecture}\`; \`magic-pyramid\` also uses its ${
    [
      info.prunes && 'token thresholds',
      info.exitHead !== 'none' && `${info.exitHead} exit heads (${exitTraining(options)})`,
    ]
      .filter(Boolean)
      .join(' and ') || 'weights'
  }.${
    info.exitTemperatures
      ? '\nIts scores have a temperature for each exit, fitted on the validation rows; other programs do not have it, and are more or less sure of the same answer.'
      : ''
  }`;

/** What floor 0 is, what it was learned from, and what other programs make of it. */
function floorSentences({ parts, facts }: Pick<LearnedFloor, 'parts' | 'facts'>, before: boolean): string {
  const { rows, unlabelled, strength, sum, apart } = facts;
  const from = `${rows} rows${unlabelled === 0 ? '' : ` and ${unlabelled} texts without labels, as the network answers them`}`;
  const what = `Floor 0 is a linear model of the words${parts.info.bigrams ? ' and pairs of neighbours' : ''} (logistic regression with L2, strength ${strength}, learned from ${from}).`;
  if (!before) return `${what} It is all there is: there is no network.`;
  const added =
    sum.weight === 0
      ? `It answers what it is sure of before the network is asked, and is added to no other exit${apart ? '' : ': on the validation rows the network alone was better'}.`
      : `It answers what it is sure of before the network is asked, and its scores are added to those of every other exit (weight w = ${sum.weight}, share of the label prior taken off k = ${sum.priorShare}).`;
  return `${what} ${added} **Other programs that open this folder see the network alone**, and answer without floor 0.`;
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
