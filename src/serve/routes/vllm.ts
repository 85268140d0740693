/**
 * vLLM's POST /classify. A text that is too long is refused unless truncate_prompt_tokens is -1, as there. What would
 * change an answer and does not exist here (token ids, chat messages, no special tokens, a shorter maximum) is refused
 * rather than passed over, and so is a field that vLLM does not know either; its other fields are allowed and mean nothing.
 * Knows nothing of queues and workers.
 * Source: vLLM's classify protocol and serving.
 */
import { randomUUID } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { answeredLabel } from '../../engine/answer.ts';
import { PyramidError } from '../../errors.ts';
import { answerErrors, errorResponses } from '../http/errors-out.ts';
import { type App, answerHeaders, goneSignal, type RouteContext, type RoutePlugin } from '../http/route.ts';
import type { Classified } from '../served-model.ts';
import { sendJson } from './send-json.ts';

const optional = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]));

const ClassifyRequest = Type.Object(
  {
    model: optional(Type.String({ description: 'The model; default: the first one' })),
    input: Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], {
      description: 'A text, or a batch of texts',
    }),
    truncate_prompt_tokens: optional(
      Type.Literal(-1, { description: 'Truncate texts that are too long; without it they are refused' }),
    ),
    truncation_side: optional(Type.Union([Type.Literal('left'), Type.Literal('right')])),
    use_activation: optional(Type.Boolean({ description: 'False: logits instead of probabilities' })),
    activation: optional(Type.Boolean({ description: 'An older name of use_activation' })),
    softmax: optional(Type.Boolean({ description: 'An older name of use_activation' })),
    add_special_tokens: optional(Type.Literal(true)),
    ...Object.fromEntries(
      ['user', 'request_id', 'priority', 'cache_salt', 'mm_processor_kwargs'].map((name) => [
        name,
        Type.Optional(Type.Unknown({ description: 'Ignored' })),
      ]),
    ),
  },
  { additionalProperties: false, examples: [{ input: 'You have won' }] },
);
type ClassifyRequest = Static<typeof ClassifyRequest>;

const ClassifyResponse = Type.Object({
  id: Type.String(),
  object: Type.Literal('list'),
  created: Type.Integer({ description: 'Unix time in seconds' }),
  model: Type.String(),
  data: Type.Array(
    Type.Object({
      index: Type.Integer(),
      label: Type.String(),
      probs: Type.Array(Type.Number()),
      num_classes: Type.Integer(),
    }),
  ),
  usage: Type.Object({
    prompt_tokens: Type.Integer(),
    total_tokens: Type.Integer(),
    completion_tokens: Type.Integer(),
    prompt_tokens_details: Type.Null(),
  }),
});

const ErrorResponse = Type.Object({
  error: Type.Object({
    message: Type.String(),
    type: Type.String(),
    param: Type.Union([Type.String(), Type.Null()]),
    code: Type.Integer(),
  }),
});
type ErrorResponse = Static<typeof ErrorResponse>;

const TYPES: Readonly<Record<number, string>> = {
  401: 'AuthenticationError',
  404: 'NotFoundError',
  429: 'TooManyRequestsError',
  503: 'ServiceUnavailableError',
};

const tags = ['vLLM'];

export const vllmRoutes: RoutePlugin = async (app, context) => {
  answerErrors(app, /^\/classify(\/|$)/, ({ status: was, code, message }) => {
    const status = code === 'MP_TEXT_LONG' ? 400 : was;
    const type = TYPES[status] ?? (status < 500 ? 'BadRequestError' : 'InternalServerError');
    return { status, body: { error: { message, type, param: null, code: status } } satisfies ErrorResponse };
  });
  addClassify(app, context);
};

function addClassify(app: App, { models }: RouteContext): void {
  const schema = {
    tags,
    operationId: 'classifyVllm',
    summary: 'The label and the probabilities of a text, or of each text of a batch',
    body: ClassifyRequest,
    response: { 200: ClassifyResponse, ...errorResponses(ErrorResponse) },
  };
  app.post('/classify', { schema }, async (request, reply) => {
    const { model, input, truncate_prompt_tokens: most, truncation_side: side } = request.body;
    const isActivated = activationOf(request.body);
    const texts = typeof input === 'string' ? [input] : input;
    const options = {
      truncate: most === -1 ? (side ?? undefined) : 'never',
      signal: goneSignal(request, reply),
    } as const;
    const classified = await models.get(model ?? undefined).classify(texts, options);
    answerHeaders(reply, classified, texts);
    return sendJson(reply, answerOf(classified, isActivated, request.headers['x-request-id']));
  });
}

function answerOf(
  { model: { name, labels }, results }: Classified,
  isActivated: boolean,
  id: string | string[] | undefined,
): Static<typeof ClassifyResponse> {
  const promptTokens = results.reduce((sum, { tokens }) => sum + tokens[0], 0);
  return {
    id: `classify-${typeof id === 'string' ? id : randomUUID().replaceAll('-', '')}`,
    object: 'list',
    created: Math.floor(Date.now() / 1000),
    model: name,
    data: results.map((result, index) => ({
      index,
      label: answeredLabel(labels, result),
      probs: isActivated ? [...result.scores] : [...result.logits],
      num_classes: labels.length,
    })),
    usage: {
      prompt_tokens: promptTokens,
      total_tokens: promptTokens,
      completion_tokens: 0,
      prompt_tokens_details: null,
    },
  };
}

/** Whether probabilities are asked for, by any of the names that it has had. Throws MP_USAGE where they disagree. */
function activationOf({ use_activation, activation, softmax }: ClassifyRequest): boolean {
  const names = Object.entries({ use_activation, activation, softmax }).filter(
    ([, value]) => typeof value === 'boolean',
  );
  const [first, ...others] = names;
  if (!first) return true;
  const other = others.find(([, value]) => value !== first[1]);
  if (other)
    throw new PyramidError('MP_USAGE', {
      what: `${first[0]} is ${first[1]} and ${other[0]} is ${other[1]}, which mean the same`,
      todo: 'give use_activation alone',
    });
  return first[1] as boolean;
}
