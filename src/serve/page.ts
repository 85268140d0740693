/** The page at /, from the files that the package was built with; a sentence in its place where there are none. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { App } from './http/route.ts';

// beside the built server, and where the sources are run
const homes = ['../page', '../../dist/page'].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** What a model that runs in the browser is computed by: of the package that is installed, not packed a second time. */
const WEB_RUNTIME = ['', '.asyncify'].flatMap((build) =>
  ['mjs', 'wasm'].map((kind) => `ort-wasm-simd-threaded${build}.${kind}`),
);

export async function addPage(app: App): Promise<void> {
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
    scope.addHook('onRequest', async (_request, reply) => {
      reply.removeHeader('content-security-policy'); // the one of answers would win over the page's
      // what holds for answers that are no documents
      for (const name of Object.keys(reply.getHeaders())) if (name !== 'x-request-id') reply.removeHeader(name);
      await reply.helmet();
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
