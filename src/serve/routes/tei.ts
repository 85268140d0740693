/**
 * Text Embeddings Inference's routes for classifiers: POST /predict and /, and GET /info. Every label of each
 * text, likeliest first; a list of strings is a batch, a pair is a nested list of two or {text, text_pair}. Requests
 * with the hub's `parameters` are answered as the hub's text-classification task answers (a list for each text, also
 * for a single one), which is what its own client reads. Knows nothing of queues and of models' insides.
 * Source: the project's router (types.rs, server.rs) and its pull request 801.
 */
import { availableParallelism } from 'node:os';
import type { TextInput } from '../../engine/index.ts';
import { ranking } from '../../pyramid/logits.ts';
import { problems } from '../../pyramid/problem.ts';
import { answerErrors, errorResponses, type Violation } from '../http/errors-out.ts';
import {
  type App,
  answerHeaders,
  type Failure,
  goneSignal,
  type RouteContext,
  type RoutePlugin,
} from '../http/route.ts';
import type { ClassifiedText, ModelCard, ServedModel, ServeOptions } from '../served-model.ts';
import { sendJson } from './send-json.ts';
import {
  ErrorResponse,
  InfoResponse,
  ModelQuery,
  PredictRequest,
  PredictResponse,
  type Sequence,
} from './tei-schemas.ts';

const tags = ['Text Embeddings Inference'];
const errors = errorResponses(ErrorResponse, 422, 424);

export const teiRoutes: RoutePlugin = async (app, context) => {
  answerErrors(app, /^\/((predict|info)(\/.*)?)?$/, (failure, violations) => {
    const { status, type } = translate(failure, violations);
    return { status, body: { error: failure.message, error_type: type } satisfies ErrorResponse };
  });
  addPredict(app, context, '/predict', 'predict');
  addPredict(app, context, '/', 'predictAtRoot');
  addInfo(app, context);
};

function addPredict(app: App, { models }: RouteContext, path: string, operationId: string): void {
  const schema = {
    tags,
    operationId,
    summary: 'The labels of one text or pair, or of a batch',
    querystring: ModelQuery,
    body: PredictRequest,
    response: { 200: PredictResponse, ...errors },
  };
  app.post(path, { schema }, async (request, reply) => {
    const { inputs, parameters, raw_scores: raw } = request.body;
    const isBatch = Array.isArray(inputs);
    const texts = isBatch ? inputs.map(textOf) : [textOf(inputs)];
    const options = { truncate: truncateOf(request.body), signal: goneSignal(request, reply) };
    const classified = await models.get(request.query.model).classify(texts, options);
    const asked = { ...parameters, raw };
    const lists = classified.results.map((result) => predictions(classified.model, result, asked));
    answerHeaders(reply, classified, texts);
    return sendJson(reply, isBatch || parameters !== undefined ? lists : lists[0]);
  });
}

function addInfo(app: App, { models, limits, version }: RouteContext): void {
  const schema = {
    tags,
    operationId: 'info',
    summary: 'The served model and the limits',
    querystring: ModelQuery,
    response: { 200: InfoResponse, ...errors },
  };
  app.get('/info', { schema }, async (request, reply) => {
    const served = models.get(request.query.model);
    const { card, info, tau } = served;
    return sendJson(reply, {
      model_id: card.name,
      model_sha: card.version,
      model_dtype: card.dtype === 'fp32' ? 'float32' : card.dtype,
      served_model_name: card.name,
      model_type: {
        classifier: {
          id2label: Object.fromEntries(card.labels.map((label, i) => [String(i), label])),
          label2id: Object.fromEntries(card.labels.map((label, i) => [label, i])),
        },
      },
      max_concurrent_requests: limits.maxConcurrentRequests,
      max_input_length: card.maxLength,
      max_batch_tokens: limits.maxBatchTokens,
      max_batch_requests: null,
      max_client_batch_size: limits.maxClientBatchSize,
      auto_truncate: true,
      tokenization_workers: limits.workers ?? availableParallelism(), // a worker tokenises what it runs
      version,
      sha: null,
      docker_label: null,
      tau,
      tau_from: tauFrom(served),
      certificate: tau === info.tau ? info.certificate : null,
      abstention: info.abstention,
    });
  });
}

/** How the tau of requests that give none came about. */
function tauFrom({
  card,
  info,
  tau,
  audit,
}: Pick<ServedModel, 'card' | 'info' | 'tau' | 'audit'>): InfoResponse['tau_from'] {
  if (audit?.safe) return 'safe';
  if (card.maxTau !== null) return 'auto';
  return tau === info.tau ? info.tauFrom : 'given';
}

function textOf(sequence: Sequence): TextInput {
  if (typeof sequence === 'string') return sequence;
  const [text, pair] = Array.isArray(sequence) ? sequence : [sequence.text, sequence.text_pair];
  return pair === undefined || pair === null ? text : { text, pair };
}

function truncateOf({ truncate, truncation_direction: direction }: PredictRequest): ServeOptions['truncate'] {
  if (truncate === false) return 'never';
  return /^left$/i.test(direction ?? '') ? 'left' : 'right';
}

interface Asked {
  readonly raw?: boolean;
  readonly top_k?: number | null;
  readonly function_to_apply?: string | null;
}

function predictions(
  { labels }: ModelCard,
  { scores, logits }: ClassifiedText,
  { raw, top_k, function_to_apply: activation }: Asked,
): { score: number; label: string }[] {
  let values = scores;
  if (raw || activation === 'none') values = logits;
  else if (activation === 'softmax') values = problems.single_label_classification.activation(logits);
  else if (activation === 'sigmoid') values = problems.multi_label_classification.activation(logits);
  return ranking(values)
    .slice(0, top_k ?? values.length)
    .map((i) => ({ score: values[i], label: labels[i] }));
}

function translate(
  { status, code }: Failure,
  violations: readonly Violation[],
): { status: number; type: ErrorResponse['error_type'] } {
  if (violations.some(({ keyword, instancePath }) => keyword === 'minItems' && instancePath === '/inputs'))
    return { status: 400, type: 'Empty' };
  switch (code) {
    case 'MP_OVERLOADED':
    case 'MP_DEADLINE_EARLY':
      return { status: 429, type: 'Overloaded' };
    case 'MP_WORKER_LOST':
    case 'MP_TEXT_STALLED':
    case 'MP_DEADLINE':
      return { status: 424, type: 'Backend' };
    case 'MP_CLOSED':
      return { status: 503, type: 'Unhealthy' };
    case 'MP_REQUEST':
      // what the schema refuses is 400 to Fastify, and 422 to clients of this protocol
      return { status: status === 400 ? 422 : status, type: 'Validation' };
    default:
      return status >= 500 ? { status, type: 'Backend' } : { status, type: 'Validation' };
  }
}
