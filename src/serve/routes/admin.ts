/**
 * Loads, unloads and reloads models while others answer. Behind keys of their own, or for this machine alone (access.ts):
 * these are the only routes that take a path, which is their purpose.
 */
import { Type } from 'typebox';
import type { App } from '../http/route.ts';
import type { Registry } from '../registry.ts';
import { cardBody } from './models.ts';
import { Card, ErrorBody, failures } from './v1-schemas.ts';

const tags = ['Administration'];
const Name = Type.Object({ name: Type.String({ minLength: 1, maxLength: 200 }) });

/** `hide`: nobody may use them as the server was started, so its description leaves them out. */
export async function adminRoutes(app: App, registry: Registry, hide: boolean): Promise<void> {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, access: 'admin' };
  });
  app.post(
    '/admin/models/:name/load',
    {
      schema: {
        hide,
        tags,
        operationId: 'loadModel',
        summary: 'Add a model',
        params: Name,
        body: Type.Object(
          {
            dir: Type.String({
              minLength: 1,
              description: 'a folder on the server, or a name on the Hugging Face hub',
            }),
          },
          { additionalProperties: false },
        ),
        response: { 200: Card, ...failures, 403: ErrorBody },
      },
    },
    async ({ params: { name }, body: { dir } }) => {
      await registry.load({ name, dir });
      return cardBody(registry.get(name)) as never;
    },
  );
  app.post(
    '/admin/models/:name/reload',
    {
      schema: {
        hide,
        tags,
        operationId: 'reloadModel',
        summary: "Load a model's folder anew, if it has changed",
        params: Name,
        response: { 200: Type.Object({ changed: Type.Boolean(), model: Card }), ...failures, 403: ErrorBody },
      },
    },
    async ({ params: { name } }) => {
      const { changed } = await registry.reload(name);
      return { changed, model: cardBody(registry.get(name)) } as never;
    },
  );
  app.delete(
    '/admin/models/:name',
    {
      schema: {
        hide,
        tags,
        operationId: 'unloadModel',
        summary: 'Take a model away; what it took is answered first',
        params: Name,
        response: { 204: Type.Null(), 400: ErrorBody, 401: ErrorBody, 403: ErrorBody, 404: ErrorBody },
      },
    },
    async ({ params: { name } }, reply) => {
      await registry.unload(name);
      return reply.code(204).send(null as never);
    },
  );
}
