/**
 * A job of a campaign in a process of its own. What a run has held (sessions' arenas, weights and moments outside of
 * V8's heap, compiled graphs) is then given back whole when it ends, however many runs there are. Knows nothing of what
 * the job is.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { PyramidError } from '../../errors.ts';
import { receivedError } from '../../sent-error.ts';
import { systemLimit } from '../../system-limit.ts';
import type { OnTrainEvent } from '../../train/events.ts';
import type { Answer, FromChild, Job } from './child-job.ts';
import { inheritedFlags } from './node-flags.ts';

// under vitest this file is TypeScript, which Node 20 cannot run: the built one does the same
const mainFile = import.meta.url.endsWith('.ts') ? '../../../dist/experiment/child/child-main.js' : './child-main.js';

/**
 * Does the job in a child process, and returns once that has ended. `name`: what people call the job. Throws what the
 * job throws, with the code and details of a PyramidError, MP_RUN_LOST if the child ends without an answer, MP_SYSTEM_LIMIT if it
 * cannot be started, and the reason of `signal`, which ends it at once.
 */
export async function inChild<J extends Job>(
  job: J,
  name: string,
  onEvent: OnTrainEvent,
  signal?: AbortSignal,
): Promise<Answer<J>> {
  signal?.throwIfAborted();
  const child = await startChild();
  const heard: { last?: Exclude<FromChild, { kind: 'event' }>; thrown?: { readonly error: unknown } } = {};
  child.on('message', (message: FromChild) => {
    if (message.kind !== 'event') heard.last = message;
    else if (!heard.thrown) {
      try {
        onEvent(message.event);
      } catch (error) {
        heard.thrown = { error };
        child.kill('SIGKILL');
      }
    }
  });
  const end = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  // a job that does not arrive shows in how the child ends
  child.send(job, () => {});
  // the exit can overtake the last words, which end with the channel
  const [[code, killedBy]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  signal?.removeEventListener('abort', end);
  signal?.throwIfAborted();
  const { last, thrown } = heard;
  if (thrown) throw thrown.error;
  if (last?.kind === 'failed') throw receivedError(last.error);
  if (last?.kind === 'done') return last.answer as Answer<J>;
  const how = killedBy === null ? `ended with exit code ${code}` : `was killed by ${killedBy}`;
  throw new PyramidError('MP_RUN_LOST', { run: name, how });
}

/** Where no process can be started, what `fork` gives has no channel, and says so by an event. */
async function startChild(): Promise<ChildProcess> {
  try {
    const child = fork(fileURLToPath(new URL(mainFile, import.meta.url)), {
      serialization: 'advanced',
      execArgv: inheritedFlags(process.execArgv),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await once(child, 'spawn');
    return child;
  } catch (error) {
    throw systemLimit(error) ?? error;
  }
}
