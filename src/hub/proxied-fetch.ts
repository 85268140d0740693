/**
 * `fetch`, through a proxy where HTTPS_PROXY, HTTP_PROXY and NO_PROXY (or their lower-case forms) ask for one: Node's own
 * looks at none of them. The client that speaks to proxies is loaded only then.
 */
import { PyramidError } from '../errors.ts';

const VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'];

/** Throws MP_OPTION_VALUE for a proxy that is no address. */
export async function proxiedFetch(env: NodeJS.ProcessEnv = process.env): Promise<typeof fetch> {
  const given = VARIABLES.filter((name) => env[name]);
  if (given.length === 0) return fetch;
  for (const name of given) needAddress(name, env[name]!);
  const { EnvHttpProxyAgent, fetch: viaAgent } = await import('undici');
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: env.http_proxy || env.HTTP_PROXY || undefined,
    httpsProxy: env.https_proxy || env.HTTPS_PROXY || undefined,
    noProxy: env.no_proxy || env.NO_PROXY || '',
  });
  // its types are its own, and the same in all that is used here
  const proxied = (input: URL, init: object) => viaAgent(input, { ...init, dispatcher });
  return proxied as unknown as typeof fetch;
}

function needAddress(name: string, value: string): void {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return;
  const shown = value.replace(/^.*@/, '…@'); // a password may stand before it
  throw new PyramidError('MP_OPTION_VALUE', {
    option: name,
    value: shown,
    expected: 'the address of a proxy, such as http://host:3128',
  });
}
