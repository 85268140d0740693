/** What of a run's options does not go with what its rows are answered with. Knows nothing of files. */
import { PyramidError } from '../../errors.ts';
import { type Dataset, problemTypeOfRows } from '../../text/example.ts';
import { hasFloor, methods } from '../methods.ts';
import type { TrainOptions } from '../options/defaults.ts';

/**
 * The options as they hold for the rows: a number has no floor 0. A note says so where one would have been trained. Throws MP_USAGE
 * where what was asked for needs one.
 */
export function fittedTo(train: Dataset, options: TrainOptions, onNote: (text: string) => void): TrainOptions {
  if (problemTypeOfRows(train) !== 'regression') return options;
  const usage = (what: string, todo: string) =>
    new PyramidError('MP_USAGE', { what: `${train.name}: the rows have numbers, and ${what}`, todo });
  if (!methods[options.method].network)
    throw usage('floor 0 answers with labels', 'give a --method with a network, such as mp');
  if (options.unlabelled.length > 0 || options.unlabelledRest !== null)
    throw usage('texts without labels are for floor 0, which answers with labels', 'leave them out');
  if (!hasFloor(options)) return options;
  if (options.floor !== 'auto') throw usage('floor 0 answers with labels', 'leave --floor out');
  onNote('there is no floor 0: it answers with labels, and the rows have numbers');
  return { ...options, floor: 'none' };
}
