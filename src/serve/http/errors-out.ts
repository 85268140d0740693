/**
 * What a client is told when something went wrong: each protocol's own error object, also where no route of it was met
 * (an unknown address, a method that the address does not have, an address that cannot be read, a missing key). Knows no
 * protocol: each brings its form, and the addresses below which it holds.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { PyramidError } from '../../errors.ts';
import { type App, type Failure, failureOf } from './route.ts';

/** What a schema found fault with. */
export interface Violation {
  readonly keyword: string;
  /** Where, as a JSON pointer into the body. */
  readonly instancePath: string;
}

/** A protocol's error object, and its status, which may be another than that of the failure. */
export type ErrorForm = (
  failure: Failure,
  violations: readonly Violation[],
) => { readonly status: number; readonly body: object };

const ownForm: ErrorForm = ({ status, code, message }) => ({ status, body: { error: { code, message } } });

/** What may go wrong on a route that classifies, by status: a schema for each, `form` unless a protocol adds more. */
export const errorResponses = <S>(form: S, ...more: readonly number[]) =>
  Object.fromEntries([400, 401, 404, 408, 413, 415, 429, 500, 503, ...more].map((status) => [status, form])) as Record<
    400 | 401 | 404 | 408 | 413 | 415 | 429 | 500 | 503,
    S
  >;

declare module 'fastify' {
  interface FastifyInstance {
    readonly errorForms: { readonly paths: RegExp; readonly form: ErrorForm }[];
  }
}

/** Adds the handlers, before any route. */
export function addErrors(app: App): void {
  app.decorate('errorForms', []);
  const routes = new Map<string, Set<string>>(); // methods by pattern
  app.addHook('onRoute', ({ method, url }) => {
    if (url.includes('*')) return; // the page's files, which are not asked with another method
    const methods = routes.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    routes.set(url, methods);
  });
  const notFound = (request: FastifyRequest, reply: FastifyReply) => {
    const path = pathOf(request);
    const asked = `${request.method} ${path.slice(0, 100)}`;
    const methods = [...routes].flatMap(([pattern, some]) => (isOf(pattern, path) ? [...some] : []));
    const allowed = [...new Set(methods)].filter((method) => method !== request.method).sort();
    if (allowed.length > 0) reply.header('allow', allowed.join(', '));
    const problem = allowed.length > 0 ? `${asked} is not allowed, only ${allowed.join(', ')}` : `there is no ${asked}`;
    const { code, message } = new PyramidError('MP_REQUEST', { problem });
    return send(reply, formOf(request), { status: allowed.length > 0 ? 405 : 404, code, message, retryAfterS: null });
  };
  app.setErrorHandler((error, request, reply) =>
    // of a body that nobody asked for it does not matter what is wrong with it
    request.is404 && ['MP_REQUEST', 'MP_MEDIA_TYPE'].includes(failureOf(error).code)
      ? notFound(request, reply)
      : answerError(error, request, reply),
  );
  app.setNotFoundHandler(notFound);
}

/** Gives a protocol's routes its error objects, and whatever else is asked below `paths`. */
export function answerErrors(app: App, paths: RegExp, form: ErrorForm): void {
  app.errorForms.push({ paths, form });
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, form));
}

/** Tells of whatever was thrown, in the form of the address that was asked. Also for what Fastify refuses by itself. */
export function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  form: ErrorForm = formOf(request),
): FastifyReply {
  const failure = failureOf(error, request);
  if (failure.status >= 500) request.log.error({ err: error }, 'a request failed');
  if (failure.retryAfterS !== null) reply.header('retry-after', String(failure.retryAfterS));
  return send(reply, form, failure, ((error as FastifyError).validation ?? []) as readonly Violation[]);
}

function send(
  reply: FastifyReply,
  form: ErrorForm,
  failure: Failure,
  violations: readonly Violation[] = [],
): FastifyReply {
  const { status, body } = form(failure, violations);
  return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
}

const pathOf = ({ url }: FastifyRequest): string => url.replace(/[?#].*/s, '');

function formOf(request: FastifyRequest): ErrorForm {
  const path = pathOf(request);
  return request.server.errorForms.find(({ paths }) => paths.test(path))?.form ?? ownForm;
}

/** Whether a route's pattern, as `/v1/models/:name`, is met by a path. */
function isOf(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  return (
    wanted.length === given.length &&
    wanted.every((part, i) => part === given[i] || (part.startsWith(':') && given[i] !== ''))
  );
}
