/** The page at /, from the files that the package was built with; a sentence in its place where there are none. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import type { App } from './http/route.ts';
import { resourcePolicy } from './http/safety.ts';

// beside the built server, and where the sources are run
const homes = ['../page', '../../dist/page'].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** What a model that runs in the browser is computed by: of the package that is installed, not packed a second time. */
const WEB_RUNTIME = ['', '.asyncify'].flatMap((build) =>
  ['mjs', 'wasm'].map((kind) => `ort-wasm-simd-threaded${build}.${kind}`),
);

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

export async function addPage(
  app: App,
  { corsAllowOrigin: origins }: { readonly corsAllowOrigin: readonly string[] },
): Promise<void> {
  const root = homes.find((home) => existsSync(`${home}/index.html`));
  if (root === undefined) {
    app.get('/', { schema: { hide: true }, config: { access: 'open' } }, async (_request, reply) =>
      reply
        .type('text/plain; charset=utf-8')
        .send('Magic Pyramid is running. This build has no page; /docs describes the routes.\n' as never),
    );
    return;
  }
  await app.register(async (scope) => {
    // what holds for answers that are no documents would win over the page's
    scope.addHook('onRequest', async (_request, reply) => {
      for (const name of Object.keys(reply.getHeaders())) if (name !== 'x-request-id') reply.removeHeader(name);
    });
    // here and not for all routes: making a document's headers, and asking whether to, would cost every request
    await scope.register(helmet, {
      contentSecurityPolicy: { useDefaults: false, directives: POLICY },
      crossOriginEmbedderPolicy: { policy: 'require-corp' }, // with it the page's WebAssembly has threads
      crossOriginResourcePolicy: { policy: resourcePolicy(origins) },
      strictTransportSecurity: false, // whoever ends TLS before this server sets it
    });
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'open' };
    });
    await scope.register(fastifyStatic, {
      root,
      prefix: '/',
      schemaHide: true,
      dotfiles: 'deny',
      cacheControl: false,
      // these are named by their content; the page itself and the browser's engine are not
      setHeaders: (response, path) =>
        response.setHeader(
          'cache-control',
          /[\\/]assets[\\/][^\\/]+$/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
        ),
    });
    const runtime = dirname(createRequire(import.meta.url).resolve(`onnxruntime-web/${WEB_RUNTIME[0]}`));
    for (const file of WEB_RUNTIME)
      scope.get(`/engine/onnxruntime-web/${file}`, { schema: { hide: true } }, (_request, reply) =>
        reply.sendFile(file, runtime),
      );
  });
}
