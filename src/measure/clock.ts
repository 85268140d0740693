/**
 * A model folder on the clock, for a few seconds: milliseconds a text at its tau, beside the same model run to the end.
 * The two take turns, since a machine's speed drifts. For more than a first figure there is src/bench.
 */
import { availableParallelism, cpus } from 'node:os';
import { Pyramid } from '../engine/index.ts';
import { PyramidError } from '../errors.ts';
import type { ClockFigures, MeasureClock } from '../evaluate/clock-figures.ts';

/** How long the passes may take together, beside loading and warming up. */
const BUDGET_MS = 3000;
/** Passes of each setting. */
const ROUNDS = 5;
/** Texts of a pass. */
const MOST_TEXTS = 1000;
const WARM_UP_TEXTS = 16;
/** The tau at which floor 0 answers every text that it knows anything of. */
const FLOOR_ALONE = 1;
/** Each has the weights in its own memory, which a machine that has just trained may be short of. */
const MOST_WORKERS = 8;

/** `texts`: not all are used where the model is slow. Throws MP_DATA_EMPTY, and as `Pyramid.load` and `Pyramid.classify`. */
export const measureClock: MeasureClock = async (dir, { rows, texts, tau, signal }) => {
  if (texts.length === 0) throw new PyramidError('MP_DATA_EMPTY', { path: dir });
  const threads = Math.min(availableParallelism(), MOST_WORKERS);
  const pyramid = await Pyramid.load(dir, { workers: threads, signal });
  try {
    const hasFloor = pyramid.info.floor !== undefined && pyramid.shape.layers > 0;
    const taus = [...new Set([tau, null, ...(hasFloor ? [FLOOR_ALONE] : [])])];
    const pass = async (some: typeof texts, tau: number | null): Promise<number> => {
      const started = performance.now();
      await pyramid.classify(some, { tau, signal });
      return (performance.now() - started) / some.length;
    };
    const few = texts.slice(0, WARM_UP_TEXTS);
    let all = 0; // of one text in all settings
    for (const tau of taus) {
      await pass(few, tau);
      all += await pass(few, tau);
    }
    const affordable = Math.max(Math.floor(BUDGET_MS / 2 / all), few.length);
    const some = texts.slice(0, Math.min(affordable, MOST_TEXTS));
    const measured = taus.map((): number[] => []);
    const started = performance.now();
    for (let round = 0; round < ROUNDS && (round === 0 || performance.now() - started < BUDGET_MS); round++) {
      for (const [i, tau] of taus.entries()) measured[i].push(await pass(some, tau));
    }
    const ms = (tau: number | null) => median(measured[taus.indexOf(tau)]);
    const figures: ClockFigures = {
      machine: { cpu: cpus()[0]?.model.trim() ?? 'unknown', threads },
      rows,
      texts: some.length,
      msPerText: ms(tau),
      msPerTextToTheEnd: tau === null ? null : ms(null),
      ...(hasFloor && { msPerTextFloor: ms(FLOOR_ALONE) }),
      msPerTextBert: null,
    };
    return figures;
  } finally {
    await pyramid.close();
  }
};

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
