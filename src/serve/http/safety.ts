/**
 * Headers of every answer, other origins, and how strictly requests are checked: a body is what its schema says, to the type;
 * only what stands in an address, which is text, is read as numbers.
 */
import cors from '@fastify/cors';
import { Ajv } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';
import type { App } from './route.ts';

// verbose: what was given and what the schema says, for schema-sentence.ts
const settings = {
  strict: false,
  allErrors: false,
  verbose: true,
  useDefaults: true,
  removeAdditional: false,
} as const;
const strict = new Ajv({ ...settings, coerceTypes: false });
const fromText = new Ajv({ ...settings, coerceTypes: true });

export const compileValidator: FastifySchemaCompiler<object> = ({ schema, httpPart }) =>
  (httpPart === 'body' ? strict : fromText).compile(schema);

/** Of every answer. */
export const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/** Who may use an answer: pages of other origins where some are allowed, else our own. */
export const resourcePolicy = (origins: readonly string[]) => (origins.length > 0 ? 'cross-origin' : 'same-origin');

export async function addSafety(
  app: App,
  { corsAllowOrigin: origins }: { readonly corsAllowOrigin: readonly string[] },
): Promise<void> {
  const always = { ...ALWAYS, 'cross-origin-resource-policy': resourcePolicy(origins) };
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(always);
    reply.header('x-request-id', request.id);
    done();
  });
  if (origins.length === 0) return;
  await app.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'POST'],
    exposedHeaders: [
      'retry-after',
      'x-request-id',
      'x-tau',
      'x-model',
      'x-compute-time',
      'x-total-time',
      'x-inference-time',
    ],
    maxAge: 600,
  });
}
