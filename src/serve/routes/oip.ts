/**
 * The Open Inference Protocol v2 (KServe, Triton): health, metadata and inference. One BYTES tensor of texts, and for
 * pairs a second one named text_pair; answers are the tensors of oip-outputs.ts. A model's version is the hash of its
 * files: who names one is answered by these very weights or not at all. Knows nothing of queues and workers.
 * Source: the protocol's REST specification, and its extensions for binary data, classification and parameters.
 */
import type { FastifyRequest } from 'fastify';
import type { TextInput } from '../../engine/index.ts';
import { PyramidError } from '../../errors.ts';
import { countCharacters } from '../characters.ts';
import { readJson } from '../http/bodies.ts';
import { answerErrors } from '../http/errors-out.ts';
import { answerHeaders, goneSignal, type RoutePlugin } from '../http/route.ts';
import type { ServedModel, ServeOptions } from '../served-model.ts';
import { headAndTail, stringsOf } from './oip-body.ts';
import { outputMetadata, packOutputs, wantedOutputs } from './oip-outputs.ts';
import * as schemas from './oip-schemas.ts';
import { sendJson } from './send-json.ts';

const tags = ['Open Inference Protocol'];
const errors = Object.fromEntries(
  [400, 401, 404, 408, 413, 415, 429, 500, 503].map((status) => [status, schemas.ErrorResponse]),
);
const EXTENSIONS = ['binary_tensor_data', 'classification'];

/** What follows a request's JSON. */
const tails = new WeakMap<FastifyRequest, Buffer>();

export const oipRoutes: RoutePlugin = async (app, { models, version }) => {
  answerErrors(app, /^\/v2(\/|$)/, ({ status, message }) => ({ status, body: { error: message } }));

  app.removeAllContentTypeParsers();
  // clients send binary data without a content type
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    const { head, tail } = headAndTail(body, request.headers);
    tails.set(request, tail);
    return readJson(head);
  });

  const document = (operationId: string, summary: string, ok: object, params?: object) => ({
    schema: { tags, operationId, summary, ...(params ? { params } : {}), response: { 200: ok, ...errors } },
  });

  app.get('/v2', document('serverMetadata', 'The server and its extensions', schemas.ServerMetadata), async () => ({
    name: 'magic-pyramid',
    version,
    extensions: EXTENSIONS,
  }));
  const open = { security: [] }; // probes need no key
  const live = document('serverLive', 'The process answers', schemas.Live).schema;
  app.get('/v2/health/live', { schema: { ...live, ...open } }, async () => ({ live: true }));
  const ready = document('serverReady', 'Every model answers', schemas.Ready).schema;
  app.get(
    '/v2/health/ready',
    { schema: { ...ready, ...open, response: { ...ready.response, 503: schemas.Ready } } },
    async (_, reply) => reply.code(models.isReady ? 200 : 503).send({ ready: models.isReady }),
  );

  for (const versioned of [false, true]) {
    const path = versioned ? '/v2/models/:model/versions/:version' : '/v2/models/:model';
    const params = versioned ? schemas.VersionParams : schemas.ModelParams;
    const suffix = versioned ? 'Version' : '';
    const find = (request: FastifyRequest): ServedModel =>
      served(request.params as { model: string; version?: string });
    const served = ({ model: name, version: wanted }: { model: string; version?: string }) => {
      const model = models.get(name);
      if (wanted !== undefined && wanted !== model.card.version)
        throw new PyramidError('MP_MODEL_UNKNOWN', { name: `${name} (version ${wanted})`, names: models.names });
      return model;
    };

    app.get(
      path,
      document(`model${suffix}Metadata`, 'A model and its tensors', schemas.ModelMetadata, params),
      async (request) => {
        const { card } = find(request);
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
      document(`model${suffix}Ready`, 'The model answers', schemas.ModelReady, params),
      async (request) => ({ name: find(request).name, ready: true }),
    );
    app.post(
      `${path}/infer`,
      {
        schema: {
          tags,
          operationId: `infer${suffix}`,
          summary: 'Labels and scores of a batch of texts',
          params,
          body: schemas.InferRequest,
          response: {
            200: {
              description: 'The tensors, as JSON or, where that was asked for, with binary data behind the JSON',
              content: {
                'application/json': { schema: schemas.InferResponse },
                'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
              },
            },
            ...errors,
          },
        },
      },
      async (request, reply) => {
        const body = request.body as schemas.InferRequest;
        const model = find(request);
        const wanted = wantedOutputs(body);
        const texts = textsOf(body, tails.get(request) ?? Buffer.alloc(0));
        const signal = goneSignal(request, reply);
        const classified = await model.classify(texts, { ...optionsOf(body), signal });
        const { outputs, buffers } = packOutputs(wanted, classified);
        const answer: schemas.InferResponse = {
          model_name: classified.model.name,
          model_version: classified.model.version,
          ...(body.id === undefined ? {} : { id: body.id }),
          parameters: { tau: classified.tau ?? 'off' },
          outputs,
        };
        answerHeaders(
          reply,
          classified,
          texts.reduce((sum, text) => sum + countCharacters(text), 0),
        );
        if (buffers.length === 0) return sendJson(reply, answer);
        const head = Buffer.from(JSON.stringify(answer));
        return reply
          .header('inference-header-content-length', String(head.length))
          .type('application/octet-stream')
          .send(Buffer.concat([head, ...buffers]) as never);
      },
    );
  }
};

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
