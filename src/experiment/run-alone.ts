/**
 * One run of a campaign whose other runs are done elsewhere, at the same time and in the same folders: on other machines. Plain BERT
 * comes first; the others build on its shared stages, and train again what they share among themselves, so that no two write one
 * file. What comes of a run is the same either way. Knows nothing of who does which run.
 */

import type { OnTrainEvent } from '../train/events.ts';
import { lockOut } from '../train/output/out-lock.ts';
import { inChild } from './child/child-process.ts';
import { readResult } from './stored-result.ts';
import { type Campaign, stagesOf } from './unit.ts';

export interface AloneRun {
  /** Ends the run where it stands: it is resumed from its last checkpoint. */
  readonly signal: AbortSignal;
  readonly onEvent: OnTrainEvent;
}

/**
 * Does run `at`, from its last checkpoint where there is one; one that is done is left as it is.
 * Throws as training does, MP_RESUME_MISMATCH, MP_OUT_BUSY where another process has it, and the signal's reason.
 */
export async function runAlone(campaign: Campaign, at: number, { signal, onEvent }: AloneRun): Promise<void> {
  const { units, ...terms } = campaign;
  const unit = units[at];
  const group = units.filter(({ task, seed }) => task === unit.task && seed === unit.seed);
  const [first] = group;
  const bert = group.find(({ row }) => row.method === 'bert');
  const others = group.filter((one) => one !== unit);
  const note = (text: string) => onEvent({ kind: 'note', text });
  const release = await lockOut(unit.folder, note);
  try {
    const asked = bert && bert !== unit ? [bert, unit] : [unit];
    const { settings, open } = await inChild(
      { kind: 'survey', terms, units: asked, timed: false },
      unit.label,
      onEvent,
      signal,
    );
    const mine = asked.length - 1;
    if (!open.includes(mine)) return;
    const plain = mine === 0 ? null : await readResult(asked[0].folder, settings[0]);
    const later = unit === bert ? others.flatMap((one) => stagesOf(terms, one)) : [];
    const baselines = { baseline: plain?.baseline ?? null, bertMsPerText: plain?.clock.msPerText ?? null };
    await inChild({ kind: 'run', terms, unit, first, ...baselines, later }, unit.label, onEvent, signal);
  } finally {
    await release();
  }
}
