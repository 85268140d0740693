// Runs of a campaign that are done one by one, as several machines do them: which stages are trained again.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runAlone } from '../../src/experiment/run-alone.ts';
import { readResult } from '../../src/experiment/stored-result.ts';
import type { Campaign } from '../../src/experiment/unit.ts';
import { writeScratchTasks } from '../support/scratch-tasks.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { tinyCampaign } from '../support/tiny-campaign.ts';

const root = temporaryFolder();
writeScratchTasks(join(root, 'data'));

/** Does one run, and gives the stages that it trained. */
async function train(campaign: Campaign, at: number): Promise<string[]> {
  const stages: string[] = [];
  await runAlone(campaign, at, {
    signal: new AbortController().signal,
    onEvent: (event) => {
      if (event.kind === 'stage') stages.push(event.stage);
    },
  });
  return stages;
}

test('a stage that an earlier run has trained is not trained again, and the result is that of a run which trains it itself', async () => {
  const shared = tinyCampaign(root, 'shared');
  expect(await train(shared, 0)).toEqual(['regular']);
  expect(await train(shared, 1)).toEqual(['soft', 'hard']);
  expect(await train(shared, 2)).toEqual(['heads']);
  // done already
  expect(await train(shared, 1)).toEqual([]);

  // as where the run that trains them has failed
  const own = tinyCampaign(root, 'own');
  await train(own, 0);
  expect(await train(own, 2)).toEqual(['soft', 'hard', 'heads']);
  const [one, other] = await Promise.all(
    [shared, own].map(async ({ units }) => {
      const { clock: _, ...rest } = (await readResult(units[2].folder, {}))!;
      return rest;
    }),
  );
  expect(one).toEqual(other);
  // what nobody else is known to train is nobody else's to keep
  expect(readdirSync(own.units[0].stagesFolder)).toHaveLength(1);
  expect(existsSync(own.units[1].folder)).toBe(false);
});
