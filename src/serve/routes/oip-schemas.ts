/**
 * The objects of the Open Inference Protocol v2, as the schemas that check and document them. Knows nothing of what is
 * done with them. Source: its REST specification, and the binary data and classification extensions.
 */
import { type Static, Type } from 'typebox';

const Parameters = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]));
const PassedOver = Type.Optional(Type.Unknown({ description: 'Ignored' }));
const passedOver = (...names: string[]) => Object.fromEntries(names.map((name) => [name, PassedOver]));
const RequestParameters = Type.Object(
  {
    tau: Type.Optional(
      Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Literal('off')], {
        description: 'The uncertainty threshold, 0 to 1; higher exits earlier',
      }),
    ),
    timeout: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 2 ** 31 * 1000, description: 'Microseconds' }),
    ),
    binary_data_output: Type.Optional(Type.Boolean({ description: 'All outputs as binary data' })),
    ...passedOver('priority', 'sequence_id', 'sequence_start', 'sequence_end', 'content_type', 'headers'),
  },
  { additionalProperties: false },
);
const InputParameters = Type.Object(
  { binary_data_size: Type.Optional(Type.Integer({ minimum: 0 })), ...passedOver('content_type') },
  { additionalProperties: false },
);
const OutputParameters = Type.Object(
  {
    binary_data: Type.Optional(Type.Boolean()),
    classification: Type.Optional(
      Type.Integer({ minimum: 1, description: 'For the output scores: that many labels a text' }),
    ),
    ...passedOver('content_type'),
  },
  { additionalProperties: false },
);
const Shape = Type.Array(Type.Integer({ minimum: 0 }), { maxItems: 8 });

const RequestInput = Type.Object(
  {
    name: Type.String(),
    shape: Shape,
    datatype: Type.Literal('BYTES'),
    parameters: Type.Optional(InputParameters),
    data: Type.Optional(
      Type.Array(Type.Union([Type.String(), Type.Array(Type.String())]), {
        description: 'Leave it out if the data follow in binary form',
      }),
    ),
  },
  { additionalProperties: false },
);
export type RequestInput = Static<typeof RequestInput>;

const RequestOutput = Type.Object(
  { name: Type.String(), parameters: Type.Optional(OutputParameters) },
  { additionalProperties: false },
);
export type RequestOutput = Static<typeof RequestOutput>;

export const InferRequest = Type.Object(
  {
    id: Type.Optional(Type.String()),
    parameters: Type.Optional(RequestParameters),
    inputs: Type.Array(RequestInput, { minItems: 1, maxItems: 2 }),
    outputs: Type.Optional(Type.Array(RequestOutput, { maxItems: 16 })),
    ...passedOver('model_name', 'model_version'), // the address names both
  },
  {
    additionalProperties: false,
    examples: [{ inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: ['You have won'] }] }],
  },
);
export type InferRequest = Static<typeof InferRequest>;

const ResponseOutput = Type.Object({
  name: Type.String(),
  shape: Shape,
  datatype: Type.String(),
  parameters: Type.Optional(Parameters),
  data: Type.Optional(Type.Array(Type.Union([Type.String(), Type.Number(), Type.Boolean()]))),
});

export const InferResponse = Type.Object({
  model_name: Type.String(),
  model_version: Type.String(),
  id: Type.Optional(Type.String()),
  parameters: Type.Optional(Parameters),
  outputs: Type.Array(ResponseOutput),
});
export type InferResponse = Static<typeof InferResponse>;

const Tensor = Type.Object({
  name: Type.String(),
  datatype: Type.String(),
  shape: Type.Array(Type.Integer(), { description: '-1 where the size varies' }),
});

export const ServerMetadata = Type.Object({
  name: Type.String(),
  version: Type.String(),
  extensions: Type.Array(Type.String()),
});
export const ModelMetadata = Type.Object({
  name: Type.String(),
  versions: Type.Array(Type.String()),
  platform: Type.String(),
  inputs: Type.Array(Tensor),
  outputs: Type.Array(Tensor),
});
export const Live = Type.Object({ live: Type.Boolean() });
export const Ready = Type.Object({ ready: Type.Boolean() });
export const ModelReady = Type.Object({ name: Type.String(), ready: Type.Boolean() });
export const ModelParams = Type.Object({ model: Type.String() });
export const VersionParams = Type.Object({ model: Type.String(), version: Type.String() });
export const ErrorResponse = Type.Object({ error: Type.String() });
