/** The models that are served, as OpenAI's clients (and vLLM's) read them, and what is known of one, for a page. */
import { Type } from 'typebox';
import { PyramidError } from '../../errors.ts';
import type { App } from '../http/route.ts';
import type { Registry } from '../registry.ts';
import type { ServedPyramid } from '../served-pyramid.ts';
import { Card, ErrorBody } from './v1-schemas.ts';

const tags = ['Magic Pyramid'];
const Name = Type.Object({ name: Type.String({ maxLength: 200 }) });

export async function modelRoutes(app: App, registry: Registry): Promise<void> {
  app.get(
    '/v1/models',
    {
      schema: {
        tags,
        operationId: 'models',
        summary: 'The models that answer now, the default one first',
        response: { 200: Type.Object({ object: Type.Literal('list'), data: Type.Array(Card) }), 401: ErrorBody },
      },
    },
    async () => ({ object: 'list' as const, data: registry.all.map(cardBody) }) as never,
  );

  app.get(
    '/v1/models/:name',
    {
      schema: {
        tags,
        operationId: 'model',
        summary: 'What is known of one model',
        params: Name,
        response: { 200: {}, 400: ErrorBody, 401: ErrorBody, 404: ErrorBody },
      },
    },
    async ({ params: { name } }) => {
      const served = registry.get(name);
      const { version, loadedAt, maxTau } = served.card;
      return { ...served.info, tauNow: served.tau, maxTau, version, loadedAt } as never;
    },
  );

  // what the evaluation of a model left beside its weights: files of fixed names, never a path of the request's
  for (const [what, summary] of [
    ['trace', 'The trace of the evaluation that lies with the model; 204 where there is none'],
    ['report', 'The table of the run that made the model; 204 where there is none'],
  ] as const)
    app.get(
      `/v1/models/:name/${what}`,
      {
        schema: {
          tags,
          operationId: what,
          summary,
          params: Name,
          response: { 200: {}, 204: Type.Null(), 400: ErrorBody, 401: ErrorBody, 404: ErrorBody },
        },
      },
      async ({ params: { name } }, reply) => {
        const found = await readOrNull(() => registry.get(name).beside(what));
        return found === null
          ? reply.code(204).send(null as never)
          : reply.type('application/json').send(JSON.stringify(found) as never);
      },
    );
}

async function readOrNull(read: () => Promise<unknown>): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof PyramidError && error.code === 'MP_FILE_MISSING') return null;
    throw error;
  }
}

export function cardBody({ card, tau }: ServedPyramid) {
  const { name, labels, problemType, method, modelType, layers, maxLength, pairs, exits, maxTau, dtype, version } =
    card;
  const created = Math.floor(Date.parse(card.loadedAt) / 1000);
  const shape = {
    labels,
    problemType,
    method,
    modelType,
    layers,
    maxLength,
    pairs,
    exits,
    tau,
    maxTau,
    dtype,
    version,
  };
  const theirs = { owned_by: 'magic-pyramid', root: name, parent: null, max_model_len: maxLength, permission: [] };
  return { id: name, object: 'model' as const, created, ...theirs, ...shape };
}
