/**
 * The objects of Text Embeddings Inference's classifier routes, as the schemas that check and document them.
 * Knows nothing of what is done with them. Source: the project's router (types.rs, lib.rs).
 */
import { type Static, Type } from 'typebox';

const Pair = Type.Object(
  { text: Type.String(), text_pair: Type.Optional(Type.Union([Type.String(), Type.Null()])) },
  { additionalProperties: false, description: 'A text, or a pair of texts' },
);
const Sequence = Type.Union([
  Type.String(),
  Type.Array(Type.String(), { minItems: 1, maxItems: 2, description: 'A text, or a pair of texts' }),
  Pair,
]);
export type Sequence = Static<typeof Sequence>;

export const PredictRequest = Type.Object(
  {
    inputs: Type.Union([Type.String(), Type.Array(Sequence, { minItems: 1, description: 'A batch' }), Pair], {
      description: 'A text, a pair, or a batch of both',
    }),
    truncate: Type.Optional(
      Type.Union([Type.Boolean(), Type.Null()], {
        description: 'Whether texts that are too long are truncated; default true',
      }),
    ),
    truncation_direction: Type.Optional(
      Type.Union(
        ['Left', 'Right', 'left', 'right'].map((side) => Type.Literal(side)),
        { description: 'The end that is cut off; default right' },
      ),
    ),
    raw_scores: Type.Optional(Type.Boolean({ description: 'Logits instead of probabilities' })),
    parameters: Type.Optional(
      Type.Union(
        [
          Type.Object(
            {
              top_k: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()])),
              function_to_apply: Type.Optional(
                Type.Union([...['softmax', 'sigmoid', 'none'].map((name) => Type.Literal(name)), Type.Null()]),
              ),
            },
            { additionalProperties: false },
          ),
          Type.Null(),
        ],
        { description: "The hub's form: the answer is then a list for each text, also for a single text" },
      ),
    ),
    options: Type.Optional(Type.Unknown({ description: "For the hub's caches; ignored" })),
  },
  { additionalProperties: false, examples: [{ inputs: 'What is Deep Learning?' }] },
);
export type PredictRequest = Static<typeof PredictRequest>;

/** Which of the models that are served; the first one without it. */
export const ModelQuery = Type.Object(
  { model: Type.Optional(Type.String({ description: 'The model; default: the first one' })) },
  { additionalProperties: false },
);

const Prediction = Type.Object({ score: Type.Number(), label: Type.String() });
export const PredictResponse = Type.Union([Type.Array(Prediction), Type.Array(Type.Array(Prediction))], {
  description: 'Every label, the likeliest first; for a batch one such list per input',
});

export const ErrorResponse = Type.Object({
  error: Type.String(),
  error_type: Type.Union(
    ['Unhealthy', 'Backend', 'Overloaded', 'Validation', 'Tokenizer', 'Empty'].map((name) => Type.Literal(name)),
  ),
});
export type ErrorResponse = {
  error: string;
  error_type: 'Unhealthy' | 'Backend' | 'Overloaded' | 'Validation' | 'Tokenizer' | 'Empty';
};

const nullable = Type.Union([Type.String(), Type.Null()]);
export const InfoResponse = Type.Object({
  model_id: Type.String(),
  model_sha: nullable,
  model_dtype: Type.String(),
  served_model_name: Type.String(),
  model_type: Type.Object({
    classifier: Type.Object({
      id2label: Type.Record(Type.String(), Type.String()),
      label2id: Type.Record(Type.String(), Type.Integer()),
    }),
  }),
  max_concurrent_requests: Type.Integer(),
  max_input_length: Type.Integer(),
  max_batch_tokens: Type.Integer(),
  max_batch_requests: Type.Union([Type.Integer(), Type.Null()]),
  max_client_batch_size: Type.Integer(),
  auto_truncate: Type.Boolean(),
  tokenization_workers: Type.Integer(),
  version: Type.String(),
  sha: nullable,
  docker_label: nullable,
  tau: Type.Union([Type.Number(), Type.Null()], {
    description: 'of requests that give none; null: every text runs to the end',
  }),
  tau_from: Type.Union(
    [
      Type.Literal('certified'),
      Type.Literal('chosen'),
      Type.Literal('given'),
      Type.Literal('auto'),
      Type.Literal('safe'),
      Type.Null(),
    ],
    {
      description:
        'certified, chosen or given, as docs/calibrate.md has it; auto: set by the load; safe: off since audits found more differing answers than was certified; null: there is none',
    },
  ),
  abstention: Type.Unknown({
    description: 'the score below which our own routes answer "unsure", as docs/formats.md has it; null: none',
  }),
  certificate: Type.Unknown({ description: 'what is promised at tau, as docs/formats.md has it; null: nothing' }),
});
export type InfoResponse = Static<typeof InfoResponse>;
