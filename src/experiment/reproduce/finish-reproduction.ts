/**
 * The report of a reproduction whose runs were done one by one, elsewhere: the files that `reproduce` leaves. Trains nothing, and
 * reads no rows.
 */
import { rm } from 'node:fs/promises';
import { PyramidError } from '../../errors.ts';
import type { OnTrainEvent } from '../../train/events.ts';
import { withOut } from '../../train/output/out-folder.ts';
import type { Outcome } from '../campaign.ts';
import { readResult } from '../stored-result.ts';
import { type ReproduceOptions, reproductionCampaign, writeReproduction } from './reproduce.ts';

/**
 * `whyNot`: of each run without a result, by number, why that is. Shared stages stay only where there are such runs, which may be
 * tried again. Where another process writes the report, it is left to that.
 * Throws MP_WRITE, and MP_MODEL_FILE for a result that is none.
 */
export async function finishReproduction(
  options: ReproduceOptions,
  whyNot: (at: number) => string,
  onEvent: OnTrainEvent,
): Promise<void> {
  const { out } = options;
  try {
    await withOut(out, { resume: true, isRun: () => true }, onEvent, async () => {
      const { units } = reproductionCampaign(options);
      const outcomes: Outcome[] = [];
      for (const [at, unit] of units.entries()) {
        // whoever trained it has seen that its settings are these
        const result = await readResult(unit.folder, {});
        outcomes.push(result ? { unit, result } : { unit, failed: whyNot(at) });
      }
      await writeReproduction(out, options, outcomes);
      if (outcomes.some((outcome) => 'failed' in outcome)) return;
      for (const folder of new Set(units.map(({ stagesFolder }) => stagesFolder)))
        await rm(folder, { recursive: true, force: true });
    });
  } catch (error) {
    if (!(error instanceof PyramidError && error.code === 'MP_OUT_BUSY')) throw error;
  }
}
