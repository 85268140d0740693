/** Whether the server takes requests, for probes and load balancers: GET /health, as Text Embeddings Inference has it. */
import { Type } from 'typebox';
import { PyramidError } from '../../errors.ts';
import type { RoutePlugin } from '../http/route.ts';
import { ErrorBody } from './v1-schemas.ts';

export const healthRoutes: RoutePlugin = async (app, { models }) => {
  app.get(
    '/health',
    {
      schema: {
        tags: ['Magic Pyramid'],
        operationId: 'health',
        summary: 'Whether the server takes requests: 503 while it stops',
        security: [], // guard.ts lets probes in without a key
        response: { 200: Type.Null({ description: 'ready' }), 503: ErrorBody },
      },
    },
    async (_request, reply) => {
      if (!models.isReady) throw new PyramidError('MP_CLOSED', { what: 'server' });
      return reply.send(undefined as never);
    },
  );
};
