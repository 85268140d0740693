/**
 * The dial of a finished run, set in several ways, from the traces that lie beside its result: a run need not be done again
 * for another confidence, or because it was done before anyone asked.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTrace, type Trace } from '../evaluate/index.ts';
import { methods } from '../train/methods.ts';
import { type DialTerms, type DialTraces, dialPoints } from './dial-points.ts';
import { type StoredDial, type StoredResult, writeResult } from './stored-result.ts';
import type { Terms, Unit } from './unit.ts';

export const TRACES = ['validation', 'calibration', 'test'] as const;

export const tracePath = (folder: string, name: (typeof TRACES)[number]): string => join(folder, `${name}.trace.jsonl`);

/** Of a model with exits, by terms that ask for it. */
export function dialOf(
  traces: DialTraces,
  { maxDrop, confidence, by }: Terms,
  rest: Pick<DialTerms, 'seed' | 'dense'>,
): StoredDial | undefined {
  if (confidence === null) return undefined;
  return { maxDrop, confidence, points: dialPoints(traces, { ...rest, maxDrop, confidence, by }) };
}

/** Adds to the result of a run what it lacks of this. Left as it is where its traces are gone. Throws as `readTrace`, MP_WRITE. */
export async function completeDial(
  { folder, row, seed }: Unit,
  result: StoredResult,
  terms: Terms,
  dense: DialTerms['dense'],
): Promise<void> {
  if (terms.confidence === null || !methods[row.method].exits) return;
  if (result.dial?.confidence === terms.confidence) return;
  const read = async (name: (typeof TRACES)[number]): Promise<Trace | null> => {
    const path = tracePath(folder, name);
    return existsSync(path) ? readTrace(path) : null;
  };
  const [validation, calibration, test] = [await read('validation'), await read('calibration'), await read('test')];
  if (!validation || !test) return;
  await writeResult(folder, { ...result, dial: dialOf({ validation, calibration, test }, terms, { seed, dense }) });
}
