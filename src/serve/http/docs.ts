/** The OpenAPI document at /docs/json, made from the schemas that check requests, and a page that shows it at /docs. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { App } from './route.ts';

export async function addDocs(
  app: App,
  { version, hasKeys }: { readonly version: string; readonly hasKeys: boolean },
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Magic Pyramid',
        version,
        description: 'Text classification that spends little on easy inputs',
      },
      ...(hasKeys
        ? { components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } }, security: [{ key: [] }] }
        : {}),
    },
  });
  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'open' };
    });
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: true,
      // whoever asks over plain HTTP has nothing to upgrade to
      transformStaticCSP: (header) => header.replace(/;? *upgrade-insecure-requests/, ''),
    });
  });
}
