/** Runs on many machines: what the commands of `jobs` do. */
import { cancel, retry } from './change.ts';
import { status } from './status.ts';
import { submit } from './submit.ts';
import { submitCampaign } from './submit-campaign.ts';
import { work } from './work.ts';

export const jobs = { submit, submitCampaign, work, status, cancel, retry } as const;
export type Jobs = typeof jobs;
