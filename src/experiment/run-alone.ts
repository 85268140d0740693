/**
 * One run of a campaign whose other runs are done elsewhere, at the same time and in the same folders: on other machines. A stage that
 * several runs build on is trained by the first of them alone, which the others wait for, so that no two write one file. What comes
 * of a run is the same either way. Knows nothing of who does which run.
 */

import type { OnTrainEvent } from '../train/events.ts';
import { lockOut } from '../train/output/out-lock.ts';
import { inChild } from './child/child-process.ts';
import { readResult } from './stored-result.ts';
import { type Campaign, stagesOf, type Unit } from './unit.ts';

export interface AloneRun {
  /** Ends the run where it stands: it is resumed from its last checkpoint. */
  readonly signal: AbortSignal;
  readonly onEvent: OnTrainEvent;
}

/** What comes before a run, by numbers of runs. */
export interface Before {
  /** Plain BERT of its task and seed, which its drop is counted from: it must be done. null: it is that, or there is none. */
  readonly baseline: number | null;
  /** Those that train a stage it builds on. Where one of them failed, the run trains that stage itself. */
  readonly stages: readonly number[];
}

/** Of each run of the campaign. */
export function runsBefore(campaign: Campaign): Before[] {
  const { units, ...terms } = campaign;
  const trainedBy = firstToTrain(campaign);
  return units.map((unit, at) => {
    const bert = units.findIndex((other) => isPlain(other) && sameGroup(other, unit));
    const stages = new Set(stagesOf(terms, unit).map((path) => trainedBy.get(keyOf(unit, path))!));
    stages.delete(at);
    return { baseline: bert === at || bert < 0 ? null : bert, stages: [...stages] };
  });
}

/**
 * Does run `at`, from its last checkpoint where there is one; one that is done is left as it is.
 * Throws as training does, MP_RESUME_MISMATCH, MP_OUT_BUSY where another process has it, and the signal's reason.
 */
export async function runAlone(campaign: Campaign, at: number, { signal, onEvent }: AloneRun): Promise<void> {
  const { units, ...terms } = campaign;
  const unit = units[at];
  const group = units.filter((other) => sameGroup(other, unit));
  const [first] = group;
  const note = (text: string) => onEvent({ kind: 'note', text });
  const release = await lockOut(unit.folder, note);
  try {
    const asked = first === unit ? [unit] : [first, unit];
    const { settings, open } = await inChild(
      { kind: 'survey', terms, units: asked, timed: false },
      unit.label,
      onEvent,
      signal,
    );
    if (!open.includes(asked.length - 1)) return;
    // plain BERT comes first where there is one
    const plain = first !== unit && isPlain(first) ? await readResult(first.folder, settings[0]) : null;
    const trainedBy = firstToTrain(campaign);
    const later = group
      .filter((other) => other !== unit)
      .flatMap((other) => stagesOf(terms, other))
      .filter((path) => trainedBy.get(keyOf(unit, path)) === at);
    const baselines = { baseline: plain?.baseline ?? null, bertMsPerText: plain?.clock.msPerText ?? null };
    await inChild({ kind: 'run', terms, unit, first, ...baselines, later }, unit.label, onEvent, signal);
  } finally {
    await release();
  }
}

const isPlain = ({ row }: Unit): boolean => row.method === 'bert';
const sameGroup = (a: Unit, b: Unit): boolean => a.task === b.task && a.seed === b.seed;
const keyOf = ({ stagesFolder }: Unit, path: string): string => JSON.stringify([stagesFolder, path]);

/** Of each shared stage the first run that builds on it, by number. */
function firstToTrain({ units, ...terms }: Campaign): Map<string, number> {
  const found = new Map<string, number>();
  for (const [at, unit] of units.entries())
    for (const path of stagesOf(terms, unit)) {
      const key = keyOf(unit, path);
      if (!found.has(key)) found.set(key, at);
    }
  return found;
}
