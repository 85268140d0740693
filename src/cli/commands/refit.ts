/** `refit`: floor 0 of a model made anew from texts without labels. The work is src/measure's. */
import { existsSync } from 'node:fs';
import { PyramidError } from '../../errors.ts';
import type { Refitted } from '../../measure/refit.ts';
import { flagOption, numberOption, type OptionTable, textOption } from '../../option.ts';
import { promise, tauInWords } from '../../pyramid/folder/tau-words.ts';
import { type TrainOptions, trainTable } from '../../train/options/defaults.ts';
import { usesDelimiter } from '../../train/options/resolve.ts';
import { type Command, flagOf } from '../command.ts';
import { modelOption, needModel } from '../options/labelled-rows.ts';
import { duration, percent, thousands } from '../output/format.ts';
import { trainProgress } from '../output/progress.ts';

type RefitCommandOptions = Pick<
  TrainOptions,
  'unlabelled' | 'train' | 'validation' | 'text' | 'pair' | 'label' | 'delimiter' | 'seed'
> & {
  readonly model: string;
  readonly out: string | null;
  readonly maxDisagreement: number;
  readonly maxDrop: number;
  readonly calibration: string | null;
  readonly confidence: number;
  readonly json: boolean;
};

const group = 'Refitting';
const { unlabelled, train, validation, text, pair, label, delimiter, seed } = trainTable;

const options: OptionTable<RefitCommandOptions> = {
  model: modelOption(group, ''),
  unlabelled: {
    ...unlabelled,
    group,
    help: 'texts without labels, such as last week’s: csv, tsv, jsonl, parquet or txt, any number of files',
  },
  train: { ...train, help: 'labelled rows that floor 0 learns from beside the texts (csv, tsv, jsonl or parquet)' },
  validation: {
    ...validation,
    help: 'labelled rows that w, k and (without --calibration) tau are chosen on; without labelled rows a tenth of the texts or more is held back for tau',
  },
  calibration: textOption<string | null>({
    group: validation.group,
    default: null,
    placeholder: 'FILE',
    help: 'labelled rows that trained and chose nothing: tau is certified on them',
    aliases: ['calibration_file'],
  }),
  text,
  pair,
  label,
  delimiter,
  out: textOption<string | null>({
    group,
    default: null,
    placeholder: 'DIR',
    help: 'the folder to write the model to (default: in the place of --model, whole or not at all)',
  }),
  maxDisagreement: numberOption({
    group,
    default: 0.01,
    min: 0,
    max: 1,
    placeholder: 'SHARE',
    help: 'without labelled rows: the share of texts that may be answered otherwise than by the model run to the end',
  }),
  maxDrop: numberOption({
    group,
    default: 0.01,
    min: 0,
    max: 1,
    placeholder: 'SHARE',
    help: 'with labelled rows: the drop in accuracy that is allowed; 0.01 is one point',
  }),
  confidence: numberOption({
    group,
    default: 0.95,
    above: true,
    min: 0,
    max: 0.9999,
    help: 'how often what is certified holds, over draws of the texts or rows',
  }),
  seed: { ...seed, group, help: 'random seed, of the texts that are held back and of floor 0' },
  json: flagOption({ group, default: false, help: 'print one JSON object' }),
};

export const refit: Command<RefitCommandOptions> = {
  name: 'refit',
  summary: 'Make floor 0 of a model anew from texts without labels; the network stays as it is',
  operands: null,
  options,
  examples: [
    {
      line: "magic-pyramid refit --model runs/mails --unlabelled 'traffic/*.jsonl'",
      what: "last week's texts, in the place of the model",
    },
    {
      line: 'magic-pyramid refit --model runs/mails --unlabelled more.txt --train mails.csv --validation held-out.csv --out runs/mails-2',
      what: 'with labelled rows beside them, in a new folder',
    },
  ],
  async run({ options, io, services }) {
    const { model, unlabelled, train, validation, calibration, text, pair, label, delimiter, json, ...own } = options;
    const usage = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });
    needModel(model);
    if (unlabelled.length === 0) throw usage(`${flagOf('unlabelled')} is missing`, 'give a file of texts');
    if (own.out === null && !existsSync(model))
      throw usage(
        `${model} is not a folder here, and a model of the hub needs ${flagOf('out')}`,
        'check the path, or give a folder that does not exist',
      );
    if (delimiter !== null && !usesDelimiter({ unlabelled, train, validation, calibration }))
      throw usage(`${flagOf('delimiter')} was given, and no file is csv or tsv`, 'leave it out');
    const progress = trainProgress(io.stderr);
    let finished = false;
    try {
      const dir = await services.model(model, progress.onEvent);
      const rows = (file: string | null) =>
        file === null
          ? null
          : services.labelledRows(
              { task: null, dataDir: null, file, text, pair, label, delimiter },
              dir,
              progress.onEvent,
            );
      const fresh = async (file: string | null) => {
        const read = await rows(file);
        return read && services.freshRows(dir, read, progress.onEvent);
      };
      const made = await services.refit({
        ...own,
        ...{ model: dir, unlabelled, text, pair, delimiter },
        ...{ train: await rows(train), validation: await rows(validation) },
        calibration: await fresh(calibration),
        files: { train, validation },
        onEvent: progress.onEvent,
      });
      finished = true;
      progress.stop(true);
      io.stdout.write(json ? `${JSON.stringify(made)}\n` : `${sentence(made)}\n`);
    } finally {
      if (!finished) progress.stop(false);
    }
  },
};

function sentence(made: Refitted): string {
  const { out, texts, rows, by, judged, right, atFloor, seconds } = made;
  const from = `${thousands(texts)} texts${rows === 0 ? '' : ` and ${thousands(rows)} labelled rows`}`;
  const on = by === 'held back' ? `${thousands(judged)} texts held back` : `${thousands(judged)} ${by} rows`;
  const then = by === 'held back' ? `answers ${percent(right)} as run to the end` : `is right on ${percent(right)}`;
  return `${out}: floor 0 made anew from ${from} in ${duration(seconds)}. ${dialSentence(made)} On ${on} it ${then}; floor 0 answers ${percent(atFloor)} of them.`;
}

/** How tau was found, and what a certificate would take where there is none. */
function dialSentence({ tau, tauFrom, certificate, rowsNeeded, by }: Refitted): string {
  const is = certificate
    ? `tau ${tau}, certified: ${promise(certificate)}`
    : tauInWords({ tau, tauFrom: tau === null ? null : tauFrom });
  if (rowsNeeded === null) return `It has ${is}.`;
  const needs = by === 'held back' ? `${thousands(rowsNeeded)} texts held back` : `${thousands(rowsNeeded)} rows`;
  return `It has ${is}: a certificate needs about ${needs}.`;
}
