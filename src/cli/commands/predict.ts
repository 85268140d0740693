/**
 * `predict`: texts in, one JSON object or csv line a text out, in input order. Texts come from the arguments, from standard input
 * (one a line) or from a file's column; nothing is held but what is under way. The engine does the work.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TextInput } from '../../engine/index.ts';
import { PyramidError } from '../../errors.ts';
import { choiceOption, integerOption, type OptionTable, textOption } from '../../option.ts';
import type { FileShard } from '../../text/file-shards.ts';
import { lines } from '../../text/files/text-stream.ts';
import { trainTable } from '../../train/options/defaults.ts';
import type { Call, Command } from '../command.ts';
import { type EngineOptions, engineTable, loadOptions } from '../options/engine-options.ts';
import { modelOption, needDelimited, needModel } from '../options/labelled-rows.ts';
import { shardOption } from '../options/shard-option.ts';
import { engineTau, type TauOption, tauOption } from '../options/tau-option.ts';
import { type WindowOptions, windowsOf, windowTable } from '../options/window-options.ts';
import { type AnswerFormat, answerLines, type SourceRow } from '../output/answer-lines.ts';
import { counter } from '../output/counter.ts';
import { showDownloads } from '../output/progress.ts';

export interface PredictOptions extends EngineOptions, WindowOptions {
  readonly model: string;
  readonly tau: TauOption;
  readonly topK: number;
  readonly format: AnswerFormat;
  readonly file: string | null;
  readonly text: string | null;
  readonly pair: string | null;
  readonly delimiter: string | null;
  readonly shard: FileShard | null;
}

const answers = 'Answers';
const texts = 'Texts';
const running = 'Running';

const options: OptionTable<PredictOptions> = {
  model: modelOption(answers, ''),
  tau: tauOption(answers),
  topK: integerOption({
    group: answers,
    default: 1,
    min: 1,
    placeholder: 'LABELS',
    help: 'above 1: also print the scores of this many labels, most likely first',
  }),
  ...windowTable(answers),
  format: choiceOption({
    group: answers,
    default: 'jsonl',
    choices: ['jsonl', 'csv'] as const,
    help: "jsonl: a JSON object a line, of --file with the row's columns as row; csv: a header line, of --file with its columns first",
  }),
  file: textOption<string | null>({
    group: texts,
    default: null,
    placeholder: 'FILE',
    help: 'texts from a csv, tsv, jsonl or parquet file; answers keep all columns of their rows',
    aliases: ['test_file'],
  }),
  text: { ...trainTable.text, group: texts },
  pair: { ...trainTable.pair, group: texts },
  delimiter: { ...trainTable.delimiter, group: texts },
  shard: shardOption(texts),
  ...engineTable(running),
};

export const predict: Command<PredictOptions> = {
  name: 'predict',
  summary: 'Classify texts; prints one JSON object (or csv line) per text, in input order',
  operands: { name: 'TEXT', help: 'texts (default: standard input, one text per line, unless --file is given)' },
  options,
  examples: [
    { line: 'magic-pyramid predict --model runs/mails --tau 0.2 "You have won"', what: 'one text' },
    { line: 'magic-pyramid predict --model runs/mails < lines.txt > answers.jsonl', what: 'one text per line' },
    { line: 'magic-pyramid predict --model runs/mails --file mails.csv --text body', what: 'one column of a file' },
    {
      line: 'magic-pyramid predict --model runs/mails --stride 32 --file letters.csv --text body',
      what: 'long texts whole, in windows that share 32 tokens',
    },
    {
      line: 'magic-pyramid predict --model runs/mails --file mails.csv --text body --shard 0/4 > answers-0.jsonl',
      what: 'the first quarter of a file, on the first of four machines',
    },
    {
      line: 'magic-pyramid predict --model runs/mails --file mails.csv --text body --format csv > answers.csv',
      what: 'the file with its answers beside the rows',
    },
  ],
  async run(call) {
    const { options, io, services } = call;
    const { model, tau, topK } = options;
    needModel(model);
    const windows = windowsOf(options);
    // engine and answers are some texts apart: rows wait in between
    const waiting: SourceRow[] = [];
    const rows = inputs(call);
    const source = async function* (): AsyncIterable<TextInput> {
      for await (const { input, row } of rows) {
        waiting.push(row);
        yield input;
      }
    };
    const lineOf = answerLines(options.format);
    const dir = await showDownloads(io.stderr, (onEvent) => services.model(model, onEvent));
    const classifier = await services.load(dir, loadOptions(options));
    try {
      const progress = counter(io.stderr, 'texts');
      const answers = async function* () {
        let done = 0;
        for await (const answer of classifier.stream(source(), { tau: engineTau(tau), topK, ...windows })) {
          yield lineOf(answer, waiting.shift() ?? null);
          progress.at(++done);
        }
      };
      // pipeline waits for a slow reader, and ends the engine's stream when the reader has gone
      await pipeline(Readable.from(answers()), io.stdout, { end: false });
    } finally {
      await classifier.close();
    }
  },
};

function inputs({
  options: { file, text, pair, delimiter, shard },
  operands,
  io,
  services,
}: Call<PredictOptions>): AsyncIterable<{ readonly input: TextInput; readonly row: SourceRow }> {
  const usage = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });
  if (file !== null) {
    if (operands.length > 0) throw usage('both texts and --file were given', 'leave one of them out');
    needDelimited(delimiter, file);
    return services.textRows({ file, text, pair, delimiter, shard }, (note) => io.stderr.write(`note: ${note}\n`));
  }
  if (text !== null || pair !== null) throw usage('--text and --pair name columns of --file', 'add --file');
  if (shard !== null) throw usage('--shard is a part of --file', 'add --file');
  if (delimiter !== null) throw usage('--delimiter is about the rows of --file', 'add --file');
  if (operands.length > 0) return withoutRows(operands);
  if (io.stdin.isTTY) throw usage('there are no texts', 'give them as arguments, with --file, or on standard input');
  return withoutRows(lines(io.stdin as AsyncIterable<Uint8Array>, 'standard input'));
}

async function* withoutRows(texts: Iterable<string> | AsyncIterable<string>) {
  for await (const input of texts) yield { input, row: null };
}
