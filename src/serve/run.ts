/**
 * A server as a process: says where it listens and how to open it up, loads changed models anew on SIGHUP, and on
 * SIGTERM or SIGINT answers what it took and ends; a second signal ends it at once.
 */
import { tauInWords } from '../pyramid/folder/tau-words.ts';
import { isLoopback } from './http/hosts.ts';
import type { ServedModel } from './served-model.ts';
import { type RunningServer, type StartOptions, startServer } from './server.ts';

export interface ProcessEvents {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

/**
 * Resolves when the server has ended in good order. `say` gets sentences for people. Throws as `startServer`.
 */
export async function runServer(
  options: StartOptions,
  say: (sentence: string) => void,
  signals: ProcessEvents = process,
): Promise<void> {
  const server = await startServer({ ...options, say });
  say(greeting(server, options));
  await new Promise<void>((resolve, reject) => {
    let isStopping = false;
    const reload = () => void server.reload();
    const stop = () => {
      if (isStopping) process.exit(130);
      isStopping = true;
      say('stopping: requests under way are answered first; a second signal ends the server at once');
      server.close().then(resolve, reject);
    };
    const listeners = { SIGHUP: reload, SIGTERM: stop, SIGINT: stop } as const;
    for (const [signal, listener] of Object.entries(listeners)) signals.on(signal as NodeJS.Signals, listener);
  });
}

function greeting({ url, registry }: RunningServer, { hostname, apiKey, apiKeyFile, page, tau }: StartOptions): string {
  const models = registry.names.join(', ');
  const isLocal = isLoopback(hostname ?? '127.0.0.1');
  const hasKeys = (apiKey ?? apiKeyFile ?? null) !== null;
  const where = isLocal
    ? 'Only this machine can reach it; --hostname 0.0.0.0 accepts remote clients (use --api-key-file with it).'
    : hasKeys
      ? 'Other machines can reach it with a key.'
      : 'Other machines can reach it without a key; use --api-key-file to require one.';
  const dials = registry.all.map((served) => dialInWords(served, tau, registry.names.length > 1));
  return `${models} at ${url}${page === false ? '' : ' (a page for browsers)'}, described at ${url}/docs. ${where} ${dials.join(' ')}`;
}

/** How the tau of requests that give none came about, as a sentence. */
function dialInWords({ card, info, tau }: ServedModel, option: StartOptions['tau'], named: boolean): string {
  const is =
    option === 'auto'
      ? `tau is set by the load, up to ${card.maxTau}`
      : tauInWords(tau === info.tau ? info : { tau, tauFrom: 'given' });
  return `${named ? `${card.name}: ` : 'Requests that name no tau: '}${is}.`;
}
