/**
 * Where the server listens: whether it could, asked before models are loaded for minutes, and that it does. Knows
 * nothing of routes.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { PyramidError } from '../../errors.ts';
import type { App } from './route.ts';

export interface Place {
  readonly hostname: string;
  readonly port: number;
}

/** Listens for a moment and gives the address, of which a name may have any. Throws MP_LISTEN. */
export async function tryToListen(place: Place): Promise<string> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen({ host: place.hostname, port: place.port });
    await once(server, 'listening');
    return (server.address() as AddressInfo).address;
  } catch (cause) {
    throw asListenError(cause, place);
  } finally {
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  }
}

/** Throws MP_LISTEN; the app is closed then. */
export async function listen(app: App, place: Place): Promise<void> {
  try {
    await app.listen({ host: place.hostname, port: place.port });
  } catch (cause) {
    await app.close();
    throw asListenError(cause, place);
  }
}

/** For clients on this machine. */
export function urlOf(app: App): string {
  const { address, port } = app.server.address() as AddressInfo;
  const local = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '[::1]' : address;
  return `http://${local.includes(':') && !local.startsWith('[') ? `[${local}]` : local}:${port}`;
}

function asListenError(cause: unknown, place: Place): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === undefined || !/^E[A-Z_]+$/.test(code)) return cause;
  return new PyramidError('MP_LISTEN', { ...place, reason: code }, { cause });
}
