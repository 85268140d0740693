/**
 * The Open Inference Protocol v2 (KServe, Triton): health, metadata and inference. One BYTES tensor of texts, and for
 * pairs a second one named text_pair; answers are the tensors of oip-outputs.ts. A model's version is the hash of its
 * files: who names one is answered by these very weights or not at all. Knows nothing of queues and workers.
 * Source: the protocol's REST specification, and its extensions for binary data, classification and parameters.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TextInput } from '../../engine/index.ts';
import { PyramidError } from '../../errors.ts';
import { readJson } from '../http/bodies.ts';
import { answerErrors, errorResponses } from '../http/errors-out.ts';
import { type App, answerHeaders, goneSignal, type RouteContext, type RoutePlugin } from '../http/route.ts';
import type { Classified, Models, ServedModel, ServeOptions } from '../served-model.ts';
import { headAndTail, stringsOf } from './oip-body.ts';
import { outputMetadata, packOutputs, wantedOutputs } from './oip-outputs.ts';
import * as schemas from './oip-schemas.ts';
import { sendJson } from './send-json.ts';

const tags = ['Open Inference Protocol'];
const errors = errorResponses(schemas.ErrorResponse);
const EXTENSIONS = ['binary_tensor_data', 'classification'];

/** What follows a request's JSON. */
const tails = new WeakMap<FastifyRequest, Buffer>();

export const oipRoutes: RoutePlugin = async (app, context) => {
  answerErrors(app, /^\/v2(\/|$)/, ({ status, message }) => ({ status, body: { error: message } }));
  app.removeAllContentTypeParsers();
  // clients send binary data without a content type
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    const { head, tail } = headAndTail(body, request.headers);
    tails.set(request, tail);
    return readJson(head, context.limits.payloadLimit);
  });
  addServer(app, context);
  const base = '/v2/models/:model';
  addModel(app, context, { path: base, params: schemas.ModelParams, suffix: '' });
  addModel(app, context, { path: `${base}/versions/:version`, params: schemas.VersionParams, suffix: 'Version' });
};

const described = (operationId: string, summary: string, ok: object, params?: object) => ({
  schema: { tags, operationId, summary, ...(params ? { params } : {}), response: { 200: ok, ...errors } },
});

function addServer(app: App, { models, version }: RouteContext): void {
  app.get('/v2', described('serverMetadata', 'The server and its extensions', schemas.ServerMetadata), async () => ({
    name: 'magic-pyramid',
    version,
    extensions: EXTENSIONS,
  }));
  const open = { security: [] }; // probes need no key
  const live = described('serverLive', 'The process answers', schemas.Live).schema;
  app.get('/v2/health/live', { schema: { ...live, ...open } }, async () => ({ live: true }));
  const ready = described('serverReady', 'Every model answers', schemas.Ready).schema;
  app.get(
    '/v2/health/ready',
    { schema: { ...ready, ...open, response: { ...ready.response, 503: schemas.Ready } } },
    async (_, reply) => reply.code(models.isReady ? 200 : 503).send({ ready: models.isReady }),
  );
}

/** The addresses of a model: without a version, or of one alone. */
interface Place {
  readonly path: string;
  readonly params: object;
  /** Of the operations' names. */
  readonly suffix: string;
}

function addModel(app: App, { models }: RouteContext, { path, params, suffix }: Place): void {
  app.get(
    path,
    described(`model${suffix}Metadata`, 'A model and its tensors', schemas.ModelMetadata, params),
    async (request) => {
      const { card } = modelOf(models, request);
      const inputs = ['text', 'text_pair'].slice(0, card.pairs ? 2 : 1);
      return {
        name: card.name,
        versions: [card.version],
        platform: 'onnx_onnxv1',
        inputs: inputs.map((name) => ({ name, datatype: 'BYTES', shape: [-1] })),
        outputs: outputMetadata(card),
      };
    },
  );
  app.get(
    `${path}/ready`,
    described(`model${suffix}Ready`, 'The model answers', schemas.ModelReady, params),
    async (request) => ({ name: modelOf(models, request).name, ready: true }),
  );
  const response = {
    200: {
      description: 'The tensors: as JSON, or if the request asked for it with binary data after the JSON',
      content: {
        'application/json': { schema: schemas.InferResponse },
        'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
      },
    },
    ...errors,
  };
  const summary = 'Labels and scores of a batch of texts';
  const infer = { tags, operationId: `infer${suffix}`, summary, params, body: schemas.InferRequest, response };
  app.post(`${path}/infer`, { schema: infer }, async (request, reply) => {
    const model = modelOf(models, request);
    const body = request.body as schemas.InferRequest;
    const wanted = wantedOutputs(model.card, body);
    const texts = textsOf(body, tails.get(request) ?? Buffer.alloc(0));
    const classified = await model.classify(texts, { ...optionsOf(body), signal: goneSignal(request, reply) });
    answerHeaders(reply, classified, texts);
    return sendTensors(reply, body.id, classified, packOutputs(wanted, classified));
  });
}

/** Throws MP_MODEL_UNKNOWN, also where another version is named than is served. */
function modelOf(models: Models, { params }: { readonly params: unknown }): ServedModel {
  const { model: name, version: wanted } = params as { readonly model: string; readonly version?: string };
  const model = models.get(name);
  if (wanted !== undefined && wanted !== model.card.version)
    throw new PyramidError('MP_MODEL_UNKNOWN', { name: `${name} (version ${wanted})`, names: models.names });
  return model;
}

function sendTensors(
  reply: FastifyReply,
  id: string | undefined,
  { model, tau }: Classified,
  { outputs, buffers }: ReturnType<typeof packOutputs>,
) {
  const answer: schemas.InferResponse = {
    model_name: model.name,
    model_version: model.version,
    ...(id === undefined ? {} : { id }),
    parameters: { tau: tau ?? 'off' },
    outputs,
  };
  if (buffers.length === 0) return sendJson(reply, answer);
  const head = Buffer.from(JSON.stringify(answer));
  return reply
    .header('inference-header-content-length', String(head.length))
    .type('application/octet-stream')
    .send(Buffer.concat([head, ...buffers]) as never);
}

/** The texts, or the pairs where there is an input text_pair beside the other one, whatever that is named. */
function textsOf({ inputs }: schemas.InferRequest, tail: Buffer): TextInput[] {
  const strings = stringsOf(inputs, tail);
  const second = inputs.findIndex(({ name }) => name === 'text_pair');
  const refuse = (what: string) =>
    new PyramidError('MP_USAGE', { what, todo: 'give one input of texts, and one named text_pair for pairs' });
  if ((inputs.length === 2) !== second >= 0)
    throw refuse(`the inputs are ${inputs.map(({ name }) => name.slice(0, 60)).join(', ')}`);
  const texts = strings[second === 0 ? 1 : 0];
  if (texts.length === 0) throw refuse('there is no text');
  if (second < 0) return texts;
  const pairs = strings[second];
  if (pairs.length !== texts.length) throw refuse(`there are ${texts.length} texts and ${pairs.length} second texts`);
  return texts.map((text, i) => ({ text, pair: pairs[i] }));
}

/** `tau` (a number, or "off") and `timeout` (microseconds) of the request's parameters. */
function optionsOf({ parameters: { tau, timeout } = {} }: schemas.InferRequest): ServeOptions {
  return {
    ...(tau === undefined ? {} : { tau: tau === 'off' ? null : tau }),
    ...(timeout === undefined ? {} : { deadlineMs: Math.min(2 ** 31 - 1, Math.ceil(timeout / 1000)) }),
  };
}
