/**
 * Secure headers, other origins, and how strictly requests are checked: a body is what its schema says, to the type;
 * only what stands in an address, which is text, is read as numbers.
 */
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
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

/** What the page may do; the description at /docs has its own. */
const POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
  styleSrc: ["'self'"],
  fontSrc: ["'self'"],
  imgSrc: ["'self'"],
  connectSrc: ["'self'", 'https:', 'http://localhost:*', 'http://127.0.0.1:*', 'blob:'],
  workerSrc: ["'self'", 'blob:'],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** Of every answer. */
export const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

export async function addSafety(
  app: App,
  { corsAllowOrigin: origins }: { readonly corsAllowOrigin: readonly string[] },
): Promise<void> {
  const resourcePolicy = origins.length > 0 ? 'cross-origin' : 'same-origin';
  // a document's headers are of use to documents alone, and making them takes longer than the rest of a route
  await app.register(helmet, {
    global: false,
    contentSecurityPolicy: { useDefaults: false, directives: POLICY },
    crossOriginEmbedderPolicy: { policy: 'require-corp' }, // with it the page's WebAssembly has threads
    crossOriginResourcePolicy: { policy: resourcePolicy },
    strictTransportSecurity: false, // whoever ends TLS before this server sets it
  });
  const always = { ...ALWAYS, 'cross-origin-resource-policy': resourcePolicy };
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
