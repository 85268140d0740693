/** What is said of a run's rows at its end, in training.json and the model card: taken while the rows are there. Holds no text. */
import { type Dataset, problemTypeOfRows } from '../../text/example.ts';
import { type LabelCount, labelCounts } from './label-counts.ts';
import { fingerprint, type Rows } from './rows.ts';

export interface SetRecord {
  readonly rows: number;
  readonly fingerprint: string;
  /** None where rows have a number. */
  readonly labels: readonly LabelCount[];
}

/** By the name of the set; one that there is none of is left out. */
export interface RowsRecord extends Readonly<Record<'train' | 'validation', SetRecord>> {
  readonly test?: SetRecord;
  readonly calibration?: SetRecord;
}

export const rowsRecord = ({ train, validation, test, calibration }: Rows): RowsRecord => ({
  train: setRecord(train),
  validation: setRecord(validation),
  ...(test && { test: setRecord(test) }),
  ...(calibration && { calibration: setRecord(calibration) }),
});

const setRecord = (set: Dataset): SetRecord => ({
  rows: set.examples.length,
  fingerprint: fingerprint(set),
  labels: problemTypeOfRows(set) === 'regression' ? [] : labelCounts(set),
});
