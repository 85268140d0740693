/** The models that are served, as OpenAI's clients (and vLLM's) read them, and what is known of one, for a page. */
import { Type } from 'typebox';
import { PyramidError } from '../../errors.ts';
import type { App, RouteContext, RoutePlugin } from '../http/route.ts';
import type { Beside, ServedModel } from '../served-model.ts';
import { Card, ErrorBody } from './v1-schemas.ts';

const tags = ['Magic Pyramid'];
const Name = Type.Object({ name: Type.String({ maxLength: 200 }) });
const List = Type.Object({
  object: Type.Literal('list'),
  data: Type.Array(Card),
  jobs: Type.Optional(Type.Boolean({ description: '/admin/jobs tells how far runs on many machines are' })),
});
const errors = { 400: ErrorBody, 401: ErrorBody, 404: ErrorBody };

export const modelRoutes: RoutePlugin = async (app, context) => {
  addList(app, context);
  addModel(app, context);
  addFile(app, context, 'trace', "The trace in the model's folder; 204 if there is none");
  addFile(app, context, 'report', 'The table of the run that made the model; 204 if there is none');
  addFile(app, context, 'examples', 'Rows that a page shows first, with their labels; 204 if there are none');
};

function addList(app: App, { models, runs }: RouteContext): void {
  const schema = {
    tags,
    operationId: 'models',
    summary: 'The served models, the default one first',
    response: { 200: List, 401: ErrorBody },
  };
  app.get('/v1/models', { schema }, async () => {
    const data = models.names.map((name) => cardBody(models.get(name)));
    return { object: 'list' as const, data, ...(runs && { jobs: true }) } as never;
  });
}

function addModel(app: App, { models }: RouteContext): void {
  const schema = {
    tags,
    operationId: 'model',
    summary: 'Details of one model',
    params: Name,
    response: { 200: {}, ...errors },
  };
  app.get('/v1/models/:name', { schema }, async ({ params: { name } }) => {
    const { info, tau: tauNow, card, audit } = models.get(name);
    const { version, loadedAt, maxTau } = card;
    return { ...info, device: 'server', threads: null, tauNow, maxTau, audit, version, loadedAt } as never;
  });
}

/** What the evaluation of a model left beside its weights: files of fixed names, never a path of the request's. */
function addFile(app: App, { models }: RouteContext, what: Beside, summary: string): void {
  const schema = { tags, operationId: what, summary, params: Name, response: { 200: {}, 204: Type.Null(), ...errors } };
  app.get(`/v1/models/:name/${what}`, { schema }, async ({ params: { name } }, reply) => {
    const found = await readOrNull(() => models.get(name).beside(what));
    return found === null
      ? reply.code(204).send(null as never)
      : reply.type('application/json').send(JSON.stringify(found) as never);
  });
}

async function readOrNull(read: () => Promise<unknown>): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof PyramidError && error.code === 'MP_FILE_MISSING') return null;
    throw error;
  }
}

export function cardBody({ card, tau }: ServedModel) {
  const { name, loadedAt, hiddenSize: _, ...own } = card;
  const created = Math.floor(Date.parse(loadedAt) / 1000);
  const theirs = {
    owned_by: 'magic-pyramid',
    root: name,
    parent: null,
    max_model_len: card.maxLength,
    permission: [],
  };
  return { id: name, object: 'model' as const, created, ...theirs, ...own, tau };
}
