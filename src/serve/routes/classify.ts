/**
 * POST /v1/classify: texts and pairs in, answers out, as one JSON object or, of any number, as a stream of lines; and
 * POST /v1/explain. Knows nothing of queues and of models' insides.
 */
import { PyramidError } from '../../errors.ts';
import { NDJSON } from '../guard.ts';
import { answerHeaders, goneSignal, type RoutePlugin } from '../route.ts';
import { answerLines } from './classify-lines.ts';
import { answerFrom, cutting } from './v1-answer.ts';
import {
  ClassifyQuery,
  ClassifyRequest,
  ClassifyResponse,
  ExplainRequest,
  ExplainResponse,
  failures,
  LineResponse,
} from './v1-schemas.ts';

const tags = ['Magic Pyramid'];

export const classifyRoutes: RoutePlugin = async (app, { models }) => {
  app.removeContentTypeParser('text/plain'); // Fastify's own, whose bodies no schema would check
  // lines are read as the answers go out, never all at once
  app.addContentTypeParser(NDJSON, (_request, payload, done) => done(null, payload));

  app.post(
    '/v1/classify',
    {
      schema: {
        tags,
        operationId: 'classify',
        summary: 'Classify texts or pairs',
        description: `With content type ${NDJSON} each line of the body is a text (a JSON string, or an object with text, pair and id), and each line of the answer belongs to the line of the same number. A line that cannot be read, or is too long, gives an error in its place.`,
        querystring: ClassifyQuery,
        body: { content: { 'application/json': { schema: ClassifyRequest }, [NDJSON]: { schema: {} } } } as never,
        response: {
          200: {
            description: 'the answers',
            content: { 'application/json': { schema: ClassifyResponse }, [NDJSON]: { schema: LineResponse } },
          } as never,
          ...failures,
        },
      },
    },
    async (request, reply) => {
      if (request.headers['content-type']?.startsWith(NDJSON)) return answerLines(models, request, reply);
      // without a content type Fastify checks nothing
      if (request.body === undefined) throw new PyramidError('MP_REQUEST', { problem: 'the body is missing' });
      const { inputs, model, tau, topK = 1, deadlineMs, truncate } = request.body as ClassifyRequest;
      const texts = Array.isArray(inputs) ? inputs : [inputs];
      const served = models.get(model);
      const classified = await served.classify(texts, {
        tau,
        deadlineMs,
        signal: goneSignal(request, reply),
        ...cutting(truncate),
      });
      let characters = 0;
      for (const text of texts)
        characters += typeof text === 'string' ? text.length : text.text.length + (text.pair?.length ?? 0);
      answerHeaders(reply, classified, characters);
      const results = classified.results.map((one) => answerFrom(classified.model, one, topK));
      return { model: classified.model.name, tau: classified.tau, results } as never;
    },
  );

  app.post(
    '/v1/explain',
    {
      schema: {
        tags,
        operationId: 'explain',
        summary: 'What became of each piece of a text at each layer, and what each head made of it',
        body: ExplainRequest,
        response: { 200: ExplainResponse, ...failures },
      },
    },
    async (request, reply) => {
      const { input, model, tau, deadlineMs } = request.body;
      const signal = goneSignal(request, reply);
      const explanation = await models.get(model).explain(input, { tau, deadlineMs, signal });
      return explanation as never;
    },
  );
};
