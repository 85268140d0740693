/** The rows of a run as tokens, and what there is to say of them before training begins. */
import { PyramidError } from '../../errors.ts';
import type { Dataset } from '../../text/example.ts';
import { type Tokenizer, unknownIn } from '../../text/index.ts';
import type { EncodedSet } from '../batch.ts';
import type { Rows } from './rows.ts';

/** As `Rows`; there are test rows where the rows are known to have some. */
export interface EncodedRows<R extends Rows = Rows> {
  readonly train: EncodedSet;
  readonly validation: EncodedSet;
  readonly test: R['test'] extends Dataset ? EncodedSet : EncodedSet | null;
  /** null or left out: there are no rows to certify tau with. */
  readonly calibration?: EncodedSet | null;
}

/** For a network. `batchSize`: how many training rows are needed at least. Throws MP_DATA_FEW. */
export function encodeRows<R extends Rows>(
  tokenizer: Tokenizer,
  { train, validation, test, calibration = null }: R,
  maxLength: number,
  batchSize = 1,
): EncodedRows<R> {
  return {
    train: encodeSet(tokenizer, train, maxLength, batchSize),
    validation: encodeSet(tokenizer, validation, maxLength),
    test: (test && encodeSet(tokenizer, test, maxLength)) as EncodedRows<R>['test'],
    calibration: calibration && encodeSet(tokenizer, calibration, maxLength),
  };
}

/**
 * Where there is no network: how long the texts are that judge, without their tokens. The set of the training rows is empty, since
 * nothing reads it, and there may be millions.
 */
export function countedRows(
  tokenizer: Tokenizer,
  { validation, test, calibration = null }: Rows,
  maxLength: number,
): EncodedRows {
  const counted = ({ examples, problemType }: Dataset): EncodedSet => ({
    ...{ encodings: [], truncated: 0, ...answersOf(examples, problemType) },
    lengths: Int32Array.from(examples, ({ text, pair }) => tokenizer.encode(text, pair, maxLength).ids.length),
  });
  return {
    train: { encodings: [], labels: [], lengths: new Int32Array(0), truncated: 0 },
    validation: counted(validation),
    test: test && counted(test),
    calibration: calibration && counted(calibration),
  };
}

/** Rows as tokens. Throws MP_DATA_FEW if there are fewer than a batch. */
export function encodeSet(
  tokenizer: Tokenizer,
  { examples, name, problemType }: Dataset,
  maxLength: number,
  batchSize = 1,
): EncodedSet {
  if (examples.length < batchSize)
    throw new PyramidError('MP_DATA_FEW', { path: name, rows: examples.length, batchSize });
  const encodings = examples.map(({ text, pair }) => tokenizer.encode(text, pair, maxLength));
  return {
    encodings,
    ...answersOf(examples, problemType),
    lengths: Int32Array.from(encodings, ({ ids }) => ids.length),
    unknown: encodings.map(({ ids }) => unknownIn(ids, tokenizer)),
    truncated: encodings.filter(({ truncated }) => truncated).length,
  };
}

const answersOf = (examples: Dataset['examples'], problemType: Dataset['problemType']) => ({
  labels: examples.map(({ label }) => label),
  ...(problemType && { targets: examples.map(({ target }) => target!) }),
});

/** What there is to say of the texts before the network reads them; `maxLength` null: there is none to truncate them for. */
export function textNotes(rows: Rows, sets: Pick<EncodedRows, 'train'>, maxLength: number | null): string[] {
  const { truncated } = sets.train;
  const empty = (['train', 'validation'] as const).flatMap((name) => {
    const { examples } = rows[name];
    const count = examples.filter(({ text }) => text.trim() === '').length;
    const what = name === 'train' ? 'training' : name;
    return count === 0 ? [] : [`${count} of ${examples.length} ${what} texts are empty`];
  });
  if (truncated === 0 || maxLength === null) return empty;
  return [
    ...empty,
    `${truncated} of ${rows.train.examples.length} training texts are longer than ${maxLength} tokens and were truncated`,
  ];
}
