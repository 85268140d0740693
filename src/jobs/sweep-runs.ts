/** The runs of a sweep as jobs: each is trained by one worker, into the folder that `sweep` would train it into. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type AloneRun, runAlone } from '../experiment/run-alone.ts';
import { finishSweep, type SweepOptions, sweepCampaign } from '../experiment/sweep/sweep.ts';
import type { RunWork } from './run-work.ts';

/** Throws nothing: what is wrong with a sweep was found when it was submitted. */
export function sweepRuns(options: SweepOptions) {
  const campaign = sweepCampaign(options);
  const bert = campaign.units.findIndex(({ row }) => row.method === 'bert');
  const isDone = (at: number) => existsSync(join(campaign.units[at].folder, 'result.json'));
  return {
    campaign,
    count: campaign.units.length,
    label: (at: number): string => campaign.units[at].label,
    /** The run that must be done before: plain BERT, which others count their drop from and begin with; null: none. */
    needs: (at: number): number | null => (at === bert ? null : bert),
    isDone,
    done: (): boolean[] => campaign.units.map((_, at) => isDone(at)),
  };
}

/** `say` gets what training says. */
export function sweepWork(options: SweepOptions, say: (sentence: string) => void): RunWork {
  const runs = sweepRuns(options);
  const onEvent: AloneRun['onEvent'] = (event) => {
    if (event.kind === 'note') say(event.text);
  };
  return {
    count: runs.count,
    noun: 'run',
    isDone: async (at) => runs.isDone(at),
    async do(at, signal) {
      const begun = performance.now();
      await runAlone(runs.campaign, at, { signal, onEvent });
      return `${runs.label(at)} is trained, in ${((performance.now() - begun) / 1000).toFixed(0)} s`;
    },
    finish: () => finishSweep(options, onEvent),
    close: async () => {},
  };
}
