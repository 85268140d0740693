/** The runs of a sweep or a reproduction as jobs: each is trained by one worker, into the folder that the command would train it into. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { finishReproduction } from '../experiment/reproduce/finish-reproduction.ts';
import { checkReproduction, type ReproduceOptions, reproductionCampaign } from '../experiment/reproduce/reproduce.ts';
import { type AloneRun, type Before, runAlone, runsBefore } from '../experiment/run-alone.ts';
import { checkSweep, finishSweep, type SweepOptions, sweepCampaign } from '../experiment/sweep/sweep.ts';
import type { Campaign } from '../experiment/unit.ts';
import type { RunStatus } from './run-status.ts';
import type { RunWork } from './run-work.ts';

/** What is trained, as the command of that name is given it; `out` is a whole path. One of them. */
export interface SubmittedCampaign {
  readonly sweep?: SweepOptions;
  readonly reproduce?: ReproduceOptions;
}

export interface CampaignRuns {
  readonly kind: Exclude<RunStatus['kind'], 'files'>;
  readonly campaign: Campaign;
  readonly count: number;
  label(at: number): string;
  before(at: number): Before;
  isDone(at: number): boolean;
  done(): boolean[];
}

/** null: it is no campaign, but files. Throws MP_TASK_UNKNOWN, MP_USAGE where it was not checked. */
export function campaignRuns({ sweep, reproduce }: SubmittedCampaign): CampaignRuns | null {
  if (!sweep && !reproduce) return null;
  const campaign = sweep ? sweepCampaign(sweep) : reproductionCampaign(reproduce!);
  const before = runsBefore(campaign);
  const isDone = (at: number) => existsSync(join(campaign.units[at].folder, 'result.json'));
  return {
    kind: sweep ? 'sweep' : 'reproduce',
    campaign,
    count: campaign.units.length,
    label: (at) => campaign.units[at].label,
    before: (at) => before[at],
    isDone,
    done: () => campaign.units.map((_, at) => isDone(at)),
  };
}

/** Before any of it is trained. Throws MP_TASK_UNKNOWN, MP_FILE_MISSING, MP_USAGE. */
export async function checkCampaign({ sweep, reproduce }: SubmittedCampaign): Promise<void> {
  if (sweep) await checkSweep(sweep);
  if (reproduce) await checkReproduction(reproduce);
}

/** `say` gets what training says. */
export function campaignWork(given: SubmittedCampaign, runs: CampaignRuns, say: (sentence: string) => void): RunWork {
  const onEvent: AloneRun['onEvent'] = (event) => {
    if (event.kind === 'note') say(event.text);
  };
  return {
    count: runs.count,
    noun: 'run',
    of: runs.kind === 'sweep' ? 'sweep' : 'reproduction',
    isDone: async (at) => runs.isDone(at),
    async do(at, signal) {
      const begun = performance.now();
      await runAlone(runs.campaign, at, { signal, onEvent });
      return `${runs.label(at)} is trained, in ${((performance.now() - begun) / 1000).toFixed(0)} s`;
    },
    async finish(undone) {
      if (given.reproduce) {
        const { out } = given.reproduce;
        await finishReproduction(given.reproduce, (at) => whyNot(at, runs, undone), onEvent);
        say(`the report is ${join(out, 'report.html')}`);
      } else if (undone.size === 0) await finishSweep(given.sweep!, onEvent);
    },
    close: async () => {},
  };
}

function whyNot(at: number, runs: CampaignRuns, undone: ReadonlyMap<number, string | null>): string {
  const reason = undone.get(at);
  if (reason) return reason;
  const { baseline } = runs.before(at);
  const why = baseline === null ? null : undone.get(baseline);
  return why ? `plain BERT of its task and seed failed: ${why}` : 'it was not trained';
}
