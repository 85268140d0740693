/** The commands, in the order of `--help`. */
import { bench } from './bench.ts';
import { calibrate } from './calibrate.ts';
import { demo } from './demo.ts';
import { evaluate } from './evaluate.ts';
import { exportCommand } from './export.ts';
import { hubPush } from './hub/push.ts';
import { jobsCancel } from './jobs/cancel.ts';
import { jobsReproduce } from './jobs/reproduce.ts';
import { jobsRetry } from './jobs/retry.ts';
import { jobsStatus } from './jobs/status.ts';
import { jobsSubmit } from './jobs/submit.ts';
import { jobsSweep } from './jobs/sweep.ts';
import { jobsWork } from './jobs/work.ts';
import { predict } from './predict.ts';
import { quantize } from './quantize.ts';
import { refit } from './refit.ts';
import { reproduce } from './reproduce.ts';
import { serve } from './serve.ts';
import { sweep } from './sweep.ts';
import { tradeoff } from './tradeoff.ts';
import { train } from './train.ts';

export const commands = [
  demo,
  train,
  evaluate,
  predict,
  tradeoff,
  calibrate,
  quantize,
  refit,
  exportCommand,
  hubPush,
  serve,
  bench,
  reproduce,
  sweep,
  jobsSubmit,
  jobsSweep,
  jobsReproduce,
  jobsWork,
  jobsStatus,
  jobsCancel,
  jobsRetry,
] as const;

/** What the first word of a command with two words stands for: one sentence, without a full stop. */
export const groups: Readonly<Record<string, string>> = {
  hub: 'Share models on the Hugging Face hub',
  jobs: 'Classify files of any size, or train a sweep or a reproduction, on any number of machines, over a queue',
};
