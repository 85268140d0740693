/**
 * `fetch` for one repository of the hub. It sends the token only to the hub, never to where it redirects. It retries what
 * is worth retrying, and turns refusals of the hub into errors of the catalogue.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { PyramidError } from '../errors.ts';
import { proxiedFetch } from './proxied-fetch.ts';
import type { Repo } from './repo.ts';
import type { HubSettings } from './settings.ts';

const TRIES = 5;
/** The longest wait that the hub may ask for. */
const MAX_WAIT_MS = 300_000;

/** The hub did not answer at all: whoever asked may still have the answer in the cache. */
export class HubUnreachable extends Error {}

export type HubFetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface HubFetchOptions {
  readonly onNote?: (text: string) => void;
  /** What a refusal that lasts is to its caller: an error to throw, or null for an answer that the caller reads. */
  readonly refuse?: (response: Response) => Promise<Error | null>; // as downloads have it
}

/** Bytes a millisecond that the slowest connection sends: a body may take as long. */
const SLOWEST = 16;

/** Throws HubUnreachable, MP_HUB_MISSING, MP_HUB_ACCESS, MP_HUB_FAILED, and MP_OPTION_VALUE for a proxy that is no address. */
export function hubFetch(repo: Repo, settings: HubSettings, options: HubFetchOptions = {}): HubFetch {
  const { endpoint, token, retryMs, stallMs } = settings;
  const { onNote = () => {}, refuse = async (response) => refusal(repo, settings, response) } = options;
  let through: Promise<typeof fetch> | null = null;
  return async (input, init) => {
    through ??= proxiedFetch();
    const send = await through;
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init?.headers);
    headers.set('user-agent', 'magic-pyramid');
    // a redirect to another origin loses it: fetch sees to that
    if (token !== null && url.origin === new URL(endpoint).origin) headers.set('authorization', `Bearer ${token}`);
    for (let tried = 1; ; tried++) {
      let response: Response;
      try {
        response = await fetchWithin(send, url, { ...init, headers }, stallMs + bytesOf(init?.body) / SLOWEST);
      } catch (cause) {
        if (init?.signal?.aborted) throw cause; // its caller has given up
        const reason = reasonOf(cause);
        const isPassing = !/ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|CERT/.test(reason);
        if (!isPassing || tried === TRIES)
          throw new HubUnreachable(`${url.origin} cannot be reached (${reason})`, { cause });
        await delay(retryMs * 2 ** (tried - 1));
        continue;
      }
      if (response.ok || response.status === 416) return response;
      const isPassing = response.status === 429 || response.status === 408 || response.status >= 500;
      const wait = retryAfterMs(response) ?? retryMs * 2 ** (tried - 1);
      if (!isPassing || tried === TRIES || wait > MAX_WAIT_MS) {
        const error = await refuse(response);
        if (error === null) return response;
        if (!response.bodyUsed) await response.body?.cancel();
        throw error;
      }
      await response.body?.cancel();
      if (wait >= 5000) onNote(`${url.host} asks for a wait of ${Math.ceil(wait / 1000)} seconds`);
      await delay(wait);
    }
  };
}

/** Gives up when no answer has begun within `ms`; how long the body may take is its reader's affair. */
async function fetchWithin(send: typeof fetch, url: URL, init: RequestInit, ms: number): Promise<Response> {
  const controller = new AbortController();
  const stop = () => controller.abort(init.signal?.reason);
  if (init.signal?.aborted) stop();
  init.signal?.addEventListener('abort', stop);
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${Math.round(ms) / 1000} seconds`)), ms);
  try {
    return await send(url, { ...init, signal: controller.signal });
  } finally {
    clearTimeout(timer);
  }
}

const bytesOf = (body: RequestInit['body']): number =>
  typeof body === 'string'
    ? body.length
    : body instanceof Blob
      ? body.size
      : body instanceof Uint8Array
        ? body.length
        : 0;

function refusal(repo: Repo, { endpoint, token }: HubSettings, response: Response): PyramidError {
  const { status } = response;
  const code = response.headers.get('x-error-code');
  if (status === 401 || status === 403 || code === 'GatedRepo') {
    return new PyramidError('MP_HUB_ACCESS', {
      repo: repo.name,
      kind: repo.kind,
      endpoint,
      status,
      token: token !== null,
    });
  }
  if (status === 404) {
    const problem =
      code === 'RevisionNotFound'
        ? `it has no revision "${repo.revision}"`
        : code === 'EntryNotFound'
          ? 'one of its files is gone'
          : `there is no such ${repo.kind}`;
    return new PyramidError('MP_HUB_MISSING', { repo: repo.name, endpoint, problem });
  }
  return new PyramidError('MP_HUB_FAILED', { what: repo.name, problem: `${endpoint} answers with status ${status}` });
}

function retryAfterMs(response: Response): number | null {
  const said = response.headers.get('retry-after');
  if (said === null) return null;
  const seconds = Number(said);
  const ms = Number.isFinite(seconds) ? 1000 * seconds : Date.parse(said) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** What lies beneath "fetch failed". */
export function reasonOf(error: unknown): string {
  let last = error as { code?: unknown; message?: string; cause?: unknown; errors?: unknown[] };
  while (last.cause || last.errors?.length) last = (last.cause ?? last.errors![0]) as typeof last;
  const message = (last.message ?? String(last)).replace(/[\s.]+$/, '').replaceAll('\n', ' ');
  return typeof last.code === 'string' && !message.includes(last.code) ? `${last.code} ${message}`.trim() : message;
}
