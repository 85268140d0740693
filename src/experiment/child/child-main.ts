/** The child process of child-process.ts: does the one job that it is sent, tells of it, and ends. */
import { sentError } from '../../sent-error.ts';
import { trainingDevice } from '../../train/device.ts';
import { doJob, type FromChild, type Job } from './child-job.ts';

// Without its parent nobody keeps order: a campaign that is resumed would meet a run that still writes. SIGKILL, since
// an orderly exit tears down threads in the middle of a computation; a run may be stopped at any moment.
const end = () => process.kill(process.pid, 'SIGKILL');
process.once('disconnect', end);
if (!process.connected) end();

// a terminal sends these to parent and child alike: the parent says what comes of it
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

// if it cannot be sent, the parent is gone, and the channel's end says so
const say = (message: FromChild, sent: () => void = () => {}) => process.send!(message, undefined, undefined, sent);

process.once('message', async (job: Job) => {
  let last: FromChild;
  try {
    last = { kind: 'done', answer: await doJob(job, trainingDevice(), (event) => say({ kind: 'event', event })) };
  } catch (error) {
    last = { kind: 'failed', error: sentError(error) };
  }
  say(last, () => process.exit());
});
