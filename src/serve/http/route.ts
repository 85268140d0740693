/**
 * How a protocol joins the server: a Fastify plugin that gets `RouteContext` and registers routes whose TypeBox schemas
 * check requests, write responses and make the OpenAPI document. Also what all routes share: the client that went away,
 * the headers of an answer, and an error as an HTTP status. Knows no protocol.
 */
import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { TextInput } from '../../engine/index.ts';
import { type ErrorCode, PyramidError } from '../../errors.ts';
import { systemLimit } from '../../system-limit.ts';
import { countCharacters } from '../characters.ts';
import type { Classified, ModelAdmin, Models } from '../served-model.ts';

/** The server as a route plugin gets it: `body`, `params` and replies are typed by the route's TypeBox schema. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** Limits that a protocol's `/info` tells of. */
export interface Limits {
  /** Requests under way. */
  readonly maxConcurrentRequests: number;
  /** Tokens of texts that share a batch. */
  readonly maxBatchTokens: number;
  /** Inputs of one request. */
  readonly maxClientBatchSize: number;
  /** Bytes of a body. */
  readonly payloadLimit: number;
  /** Of each model; null: one for each core. */
  readonly workers: number | null;
}

/** All that a route knows of the server. */
export interface RouteContext {
  /** Those that are served. */
  readonly models: Models;
  /** Changes which those are. */
  readonly admin: ModelAdmin;
  /** Nobody may use the admin routes, as the server was started. */
  readonly isAdminClosed: boolean;
  /** What a request may ask for at most. */
  readonly limits: Limits;
  /** Runs on many machines whose progress is shown; null: none. */
  readonly runs: { readonly folders: readonly string[]; readonly queueUrl: string } | null;
  /** The package's version. */
  readonly version: string;
}

/**
 * A protocol's routes. The plugin is encapsulated; `answerErrors` of errors-out.ts gives it error objects of its own, also
 * for addresses below it that do not exist. Without, the server's hold: `{ "error": { "code", "message" } }` with the
 * status of `failureOf`.
 *
 * @example
 * export const teiRoutes: RoutePlugin = async (app, { models }) => {
 *   app.post('/predict', { schema: { tags: ['tei'], summary: '…', body: PredictRequest, response: { 200: … } } },
 *     async (request, reply) => {
 *       const classified = await models.get().classify(texts, { signal: goneSignal(request, reply) });
 *       answerHeaders(reply, classified, texts);
 *       return …;
 *     });
 * };
 */
export type RoutePlugin = (app: App, context: RouteContext) => Promise<void>;

/** One for each connection that is open: a signal for each request would cost more than all else that a route does. */
const controllers = new WeakMap<Socket, AbortController>();

/** Aborts when the client's connection ends before it is answered: hand it to `classify`, so that its work is dropped. */
export function goneSignal({ raw: { socket } }: FastifyRequest, _reply?: FastifyReply): AbortSignal {
  const known = controllers.get(socket);
  if (known) return known.signal;
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // requests may be pipelined
  const gone = () => controller.abort(new PyramidError('MP_CLIENT_GONE', {}));
  if (socket.destroyed) gone();
  else socket.once('close', gone);
  controllers.set(socket, controller);
  return controller.signal;
}

/**
 * Headers of an answer, those of Text Embeddings Inference and ours: x-compute-type, x-compute-time (ms),
 * x-compute-characters, x-compute-tokens, x-total-time, x-queue-time, x-tokenization-time, x-inference-time (ms, of a
 * batch the mean), x-model, x-tau ("off" where early exit was off).
 */
export function answerHeaders(
  reply: FastifyReply,
  { model, tau, results }: Classified,
  inputs: readonly TextInput[],
): void {
  const characters = inputs.reduce((sum, input) => sum + countCharacters(input), 0);
  let [queue, tokenize, inference, tokens] = [0, 0, 0, 0];
  for (const result of results) {
    queue += result.queueMs;
    tokenize += result.tokenizeMs;
    inference += result.inferenceMs;
    tokens += result.tokens[0];
  }
  const n = Math.max(1, results.length);
  const total = String(Math.round(reply.elapsedTime));
  reply.headers({
    'x-compute-type': 'cpu',
    'x-compute-time': total,
    'x-compute-characters': String(characters),
    'x-compute-tokens': String(tokens),
    'x-total-time': total,
    'x-queue-time': String(Math.round(queue / n)),
    'x-tokenization-time': String(Math.round(tokenize / n)),
    'x-inference-time': String(Math.round(inference / n)),
    'x-model': encodeURIComponent(model.name),
    'x-tau': tau === null ? 'off' : String(tau),
  });
}

/** An error as a client is told of it. */
export interface Failure {
  readonly status: number;
  /** A code of the catalogue, or MP_REQUEST (what the schema or Fastify refuses), or MP_INTERNAL. */
  readonly code: string;
  readonly message: string;
  /** For a Retry-After header, in whole seconds; null where trying again is no use. */
  readonly retryAfterS: number | null;
}

const sentenceOf = <C extends ErrorCode>(code: C, details: ConstructorParameters<typeof PyramidError<C>>[1]) => {
  const { message } = new PyramidError<C>(code, details);
  return { code, message };
};

const tooLarge = (limit: number | undefined) =>
  sentenceOf('MP_REQUEST', {
    problem: `the body is larger than ${limit === undefined ? '--payload-limit allows' : `${limit} bytes (--payload-limit)`}: send fewer or shorter texts at once`,
  });

/** What Fastify refuses before a route sees it, in our words. */
const FASTIFY_SAYS: Readonly<Record<string, Pick<Failure, 'code' | 'message'>>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: sentenceOf('MP_MEDIA_TYPE', {
    what: 'the Content-Type header has no type',
    todo: 'send application/json',
  }),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: sentenceOf('MP_REQUEST', {
    problem: 'the body does not have as many bytes as Content-Length says',
  }),
  FST_ERR_BAD_URL: sentenceOf('MP_REQUEST', {
    problem: 'the address has a % that begins no character: write it as %25',
  }),
};

/**
 * What happened, for whatever was thrown in a route; nothing internal is told. `request`: the one that failed, for the
 * limit that it went beyond.
 */
export function failureOf(thrown: unknown, request?: FastifyRequest): Failure {
  const error = systemLimit(thrown) ?? thrown;
  if (error instanceof PyramidError) {
    const details = error.details as { readonly retryAfterS?: number };
    return {
      status: error.httpStatus,
      code: error.code,
      message: error.message,
      retryAfterS: details.retryAfterS ?? null,
    };
  }
  const { statusCode: status, code, message } = error as FastifyError;
  if (status !== undefined && status >= 400 && status < 500) {
    const known =
      code === 'FST_ERR_CTP_BODY_TOO_LARGE' ? tooLarge(request?.routeOptions.bodyLimit) : FASTIFY_SAYS[code];
    if (known) return { ...known, status, retryAfterS: null };
    return { status, code: 'MP_REQUEST', message: message || 'the request is malformed', retryAfterS: null };
  }
  return {
    status: 500,
    code: 'MP_INTERNAL',
    message: 'the server failed on this request; its log says why',
    retryAfterS: null,
  };
}
