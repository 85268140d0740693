/**
 * Which names a request may call this server by, and whether it comes from a program on this machine. A browser can be
 * made to send requests to a loopback address under a name of an attacker's (DNS rebinding); the name then stands in
 * `Host`. Knows nothing of keys and routes.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';

/** Of an address or of a host's name: only this machine has it. */
export function isLoopback(host: string): boolean {
  const bare = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^::ffff:/, '')
    .replace(/\.$/, '');
  return bare === 'localhost' || bare === '::1' || (isIPv4(bare) && bare.startsWith('127.'));
}

/** The name in a `Host` header, without its port; null where there is none. */
export function nameIn(host: string | undefined): string | null {
  const [, name] = /^(\[[0-9a-f:.%]+\]|[^:\s]+)(?::\d*)?$/i.exec(host ?? '') ?? [];
  return name === undefined ? null : name.toLowerCase().replace(/\.$/, '');
}

/** What proxies add: whoever they speak for is not on this machine. */
const ADDED_BY_PROXIES = /^(forwarded|via|x-real-ip|x-client-ip|true-client-ip|x-forwarded(-.*)?|x-envoy-.*|cf-.*)$/;

/** Why a request does not come from a program or a page of this machine; null: it does. */
export function whyNotLocal(request: IncomingMessage): string | null {
  const { headers, socket, httpVersion } = request;
  if (!isLoopback(socket.remoteAddress ?? '')) return 'without an admin key /admin answers only to this machine';
  // without further settings proxies speak HTTP/1.0, and no program of today does
  if (httpVersion === '1.0' || Object.keys(headers).some((name) => ADDED_BY_PROXIES.test(name)))
    return 'the request came through a proxy, and without an admin key /admin answers only to this machine';
  if (!isLoopback(nameIn(headers.host) ?? ''))
    return 'without an admin key /admin answers only to localhost, and Host is another name';
  return isOfAnotherSite(headers) ? 'the request came from a page of another site' : null;
}

/** Browsers say where a request comes from; programs do not. */
const isOfAnotherSite = ({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean =>
  (origin !== undefined && origin !== `http://${host}`) ||
  (site !== undefined && site !== 'same-origin' && site !== 'none');

/** The names that a server answers to; null: any. */
export function namesOf(allowed: readonly string[], hostname: string): ((host: string | undefined) => boolean) | null {
  if (allowed.includes('*')) return null;
  const names = new Set([...allowed, hostname].map((name) => name.toLowerCase()));
  // a request without a name is not a browser's
  return (host) => {
    const name = nameIn(host);
    return host === undefined || (name !== null && (names.has(name) || isLoopback(name)));
  };
}
