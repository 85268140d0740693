/**
 * Loads, unloads and reloads models while others answer. Behind keys of their own, or for this machine alone (access.ts):
 * these are the only routes that take a path, which is their purpose.
 */
import { Type } from 'typebox';
import type { App, RouteContext, RoutePlugin } from '../http/route.ts';
import { cardBody } from './models.ts';
import { Card, ErrorBody, failures } from './v1-schemas.ts';

const tags = ['Administration'];
const Name = Type.Object({ name: Type.String({ minLength: 1, maxLength: 200 }) });

export const adminRoutes: RoutePlugin = async (app, context) => {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, access: 'admin' };
  });
  addLoad(app, context);
  addReload(app, context);
  addUnload(app, context);
};

/** As the server was started nobody may use these routes: its description leaves them out. */
const common = ({ isAdminClosed: hide }: RouteContext) => ({ hide, tags, params: Name });

function addLoad(app: App, context: RouteContext): void {
  const { admin, models } = context;
  const dir = Type.String({ minLength: 1, description: 'a folder on the server, or a name on the Hugging Face hub' });
  const schema = {
    ...common(context),
    operationId: 'loadModel',
    summary: 'Add a model',
    body: Type.Object({ dir }, { additionalProperties: false }),
    response: { 200: Card, ...failures, 403: ErrorBody },
  };
  app.post('/admin/models/:name/load', { schema }, async ({ params: { name }, body }) => {
    await admin.load({ name, dir: body.dir });
    return cardBody(models.get(name)) as never;
  });
}

function addReload(app: App, context: RouteContext): void {
  const { admin, models } = context;
  const schema = {
    ...common(context),
    operationId: 'reloadModel',
    summary: "Load a model's folder again, if it has changed",
    response: { 200: Type.Object({ changed: Type.Boolean(), model: Card }), ...failures, 403: ErrorBody },
  };
  app.post('/admin/models/:name/reload', { schema }, async ({ params: { name } }) => {
    const { changed } = await admin.reload(name);
    return { changed, model: cardBody(models.get(name)) } as never;
  });
}

function addUnload(app: App, context: RouteContext): void {
  const schema = {
    ...common(context),
    operationId: 'unloadModel',
    summary: 'Remove a model; its requests are answered first',
    response: { 204: Type.Null(), 400: ErrorBody, 401: ErrorBody, 403: ErrorBody, 404: ErrorBody },
  };
  app.delete('/admin/models/:name', { schema }, async ({ params: { name } }, reply) => {
    await context.admin.unload(name);
    return reply.code(204).send(null as never);
  });
}
