/**
 * POST /v1/classify: texts and pairs in, answers out, as one JSON object or, of any number, as a stream of lines; and
 * POST /v1/explain. Knows nothing of queues and of models' insides.
 */
import type { FastifyReply, FastifyRequest, preValidationHookHandler } from 'fastify';
import { PyramidError } from '../../errors.ts';
import { isStream } from '../http/bodies.ts';
import { NDJSON } from '../http/guard.ts';
import { type App, answerHeaders, goneSignal, type RouteContext, type RoutePlugin } from '../http/route.ts';
import type { Models } from '../served-model.ts';
import { answerLines } from './classify-lines.ts';
import { sendJson } from './send-json.ts';
import { answerJson } from './v1-answer.ts';
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

export const classifyRoutes: RoutePlugin = async (app, context) => {
  // lines are read as the answers go out, never all at once
  app.addContentTypeParser(NDJSON, (_request, payload, done) => done(null, payload));
  addClassify(app, context);
  addExplain(app, context);
};

function addClassify(app: App, { models }: RouteContext): void {
  const schema = {
    tags,
    operationId: 'classify',
    summary: 'Classify texts or pairs',
    description: `With content type ${NDJSON} each line of the body is a text (a JSON string, or an object with text, pair and id), and line n of the answer belongs to line n of the body. A line that cannot be read, or is too long, gets an error in its place.`,
    querystring: ClassifyQuery,
    body: { content: { 'application/json': { schema: ClassifyRequest }, [NDJSON]: { schema: {} } } } as never,
    response: {
      200: {
        description: 'the answers',
        content: { 'application/json': { schema: ClassifyResponse }, [NDJSON]: { schema: LineResponse } },
      } as never,
      ...failures,
    },
  };
  app.post('/v1/classify', { schema, preValidation: takeInput }, async (request, reply) => {
    if (isStream(request.body)) return answerLines(models, request, request.body, reply);
    return answerTexts(models, request, reply);
  });
}

async function answerTexts(models: Models, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  // without a content type Fastify checks nothing
  if (request.body === undefined) throw new PyramidError('MP_REQUEST', { problem: 'the body is missing' });
  const [misplaced] = Object.keys(request.query as object);
  if (misplaced !== undefined)
    throw new PyramidError('MP_REQUEST', {
      problem: `"${misplaced}" is in the address, which is only for a stream of lines: put it into the body`,
    });
  const { inputs, model: name, topK = 1, ...options } = request.body as ClassifyRequest;
  const texts = Array.isArray(inputs) ? inputs : [inputs];
  const signal = goneSignal(request, reply);
  const classified = await models.get(name).classify(texts, { ...options, signal });
  answerHeaders(reply, classified, texts);
  const { model, tau } = classified;
  const results = classified.results.map((one) => answerJson(model, one, topK));
  const head = JSON.stringify({ model: model.name, tau });
  return reply
    .type('application/json; charset=utf-8')
    .send(`${head.slice(0, -1)},"results":[${results.join(',')}]}` as never);
}

/** `input` is taken for `inputs`, which is the name that the description has. Throws MP_REQUEST where both are given. */
const takeInput: preValidationHookHandler = ({ body }, _reply, done) => {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'input')) return done();
  if (Object.hasOwn(body, 'inputs'))
    return done(
      new PyramidError('MP_REQUEST', { problem: 'the body has both "inputs" and "input": give "inputs" alone' }),
    );
  const given = body as { input?: unknown; inputs?: unknown };
  given.inputs = given.input;
  delete given.input;
  done();
};

function addExplain(app: App, { models }: RouteContext): void {
  const schema = {
    tags,
    operationId: 'explain',
    summary: 'What each layer did with each token of a text, and what each exit head answered',
    body: ExplainRequest,
    response: { 200: ExplainResponse, ...failures },
  };
  app.post('/v1/explain', { schema, preValidation: takeInput }, async (request, reply) => {
    const { inputs, model, ...options } = request.body;
    const explanation = await models.get(model).explain(inputs, { ...options, signal: goneSignal(request, reply) });
    return sendJson(reply, explanation);
  });
}
