/**
 * POST /v1/classify: texts and pairs in, answers out, as one JSON object or, of any number, as a stream of lines; and
 * POST /v1/explain. Knows nothing of queues and of models' insides.
 */
import { PyramidError } from '../../errors.ts';
import { countCharacters } from '../characters.ts';
import { isStream } from '../http/bodies.ts';
import { NDJSON } from '../http/guard.ts';
import { answerHeaders, goneSignal, type RoutePlugin } from '../http/route.ts';
import { answerLines } from './classify-lines.ts';
import { sendJson } from './send-json.ts';
import { answerJson, cutting } from './v1-answer.ts';
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
      if (isStream(request.body)) return answerLines(models, request, request.body, reply);
      // without a content type Fastify checks nothing
      if (request.body === undefined) throw new PyramidError('MP_REQUEST', { problem: 'the body is missing' });
      const [misplaced] = Object.keys(request.query as object);
      if (misplaced !== undefined)
        throw new PyramidError('MP_REQUEST', {
          problem: `"${misplaced}" stands in the address, where only a stream of lines has it: give it in the body`,
        });
      const { inputs, model, tau, topK = 1, deadlineMs, truncate } = request.body as ClassifyRequest;
      const texts = Array.isArray(inputs) ? inputs : [inputs];
      const served = models.get(model);
      const classified = await served.classify(texts, {
        tau,
        deadlineMs,
        signal: goneSignal(request, reply),
        ...cutting(truncate),
      });
      answerHeaders(
        reply,
        classified,
        texts.reduce((sum, text) => sum + countCharacters(text), 0),
      );
      const results = classified.results.map((one) => answerJson(classified.model, one, topK));
      const head = JSON.stringify({ model: classified.model.name, tau: classified.tau });
      return reply
        .type('application/json; charset=utf-8')
        .send(`${head.slice(0, -1)},"results":[${results.join(',')}]}` as never);
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
      return sendJson(reply, explanation);
    },
  );
};
