/**
 * Which key a request needs, by the route that it was matched to and never by its address, which can be spelled in many
 * ways. What no route says is that a key of --api-key is needed, also where no route matches. Knows no protocol.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PyramidError } from '../../errors.ts';
import { whyNotLocal } from './hosts.ts';
import type { Keys } from './keys.ts';
import type { App } from './route.ts';

export interface AccessOptions {
  /** Null: every request is welcome. */
  readonly keys: Keys | null;
  /** Null: the admin routes answer this machine alone, and only where there are no other keys either. */
  readonly adminKeys: Keys | null;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `open`: needs no key. `admin`: needs one of --admin-key-file, and no other opens it. Else one of --api-key. */
    access?: 'open' | 'admin';
  }
}

/** Marks the routes that need no key: those whose description says so (`security: []`). To be called before them. */
export function markOpenRoutes(app: App): void {
  app.addHook('onRoute', (route) => {
    const { security } = (route.schema ?? {}) as { readonly security?: readonly unknown[] };
    if (security?.length === 0) route.config = { ...route.config, access: 'open' };
  });
}

/** Throws nothing: what a request is told that may not come in; null where it may. */
export function refusedEntry(
  request: FastifyRequest,
  reply: FastifyReply,
  { keys, adminKeys }: AccessOptions,
): PyramidError | null {
  const { access } = request.routeOptions.config;
  if (access === 'open') return null;
  if (access === 'admin' && adminKeys === null) {
    const why =
      keys === null ? whyNotLocal(request.raw) : 'the server has keys for requests, but they do not open /admin';
    return why === null ? null : new PyramidError('MP_ADMIN_CLOSED', { why });
  }
  const needed = access === 'admin' ? adminKeys : keys;
  if (needed === null || needed.has(request.headers.authorization)) return null;
  reply.header('www-authenticate', 'Bearer');
  return new PyramidError('MP_KEY', { header: 'Authorization' });
}
