/** Requests and answers of our own routes, as schemas that check and document them. */
import { type Static, Type } from 'typebox';
import { errorResponses } from '../http/errors-out.ts';

export const Text = Type.Union(
  [
    Type.String({ description: 'a text' }),
    Type.Object(
      { text: Type.String(), pair: Type.Optional(Type.String({ description: 'the second text of a pair' })) },
      { additionalProperties: false },
    ),
  ],
  { description: 'a text, or a pair of texts' },
);

const Tau = Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
  description:
    "exit at the first layer whose uncertainty is at most this (0 to 1, higher exits earlier); null switches early exit off; default: the server's",
});
const Model = Type.String({ minLength: 1, maxLength: 200, description: 'default: the first model' });
const DeadlineMs = Type.Integer({
  minimum: 1,
  maximum: 600_000,
  description:
    'milliseconds: the request is rejected at once if this is too short for an answer, and given up when the time has passed',
});
const TopK = Type.Integer({
  minimum: 1,
  maximum: 10_000,
  description: 'above 1: the answer also has the scores of that many labels',
});
const Truncate = Type.Union([Type.Literal('right'), Type.Literal('left'), Type.Literal('never')], {
  description: 'where a text that is too long is cut; never: the request is refused',
});

const Stride = Type.Integer({
  minimum: 0,
  maximum: 100_000,
  description:
    'a text that is too long is not cut, but runs as windows, each of which begins with so many tokens of the one before; below the tokens that fit into a window; single texts only, and not together with truncate',
});
const Windows = Type.Union([Type.Literal('mean'), Type.Literal('certain')], {
  description:
    "with stride: how the windows' answers become one; mean (default): of their logits; certain: that of the most certain window",
});

const howToAnswer = {
  model: Type.Optional(Model),
  tau: Type.Optional(Tau),
  topK: Type.Optional(TopK),
  deadlineMs: Type.Optional(DeadlineMs),
  truncate: Type.Optional(Truncate),
  stride: Type.Optional(Stride),
  windows: Type.Optional(Windows),
};

export const ClassifyRequest = Type.Object(
  {
    ...howToAnswer,
    inputs: Type.Union([Text, Type.Array(Text, { minItems: 1 })], {
      description: 'a text, a pair, or a list of both; a list of two strings is two texts. The name "input" works too',
    }),
  },
  { additionalProperties: false },
);
export type ClassifyRequest = Static<typeof ClassifyRequest>;

/** Of a stream of lines: what holds for all of them. Numbers come as text in a query. */
export const ClassifyQuery = Type.Object(
  {
    model: Type.Optional(Model),
    tau: Type.Optional(
      Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Literal('off')], {
        description: 'for all lines of a stream; off switches early exit off',
      }),
    ),
    topK: Type.Optional(TopK),
    truncate: Type.Optional(Truncate),
    stride: Type.Optional(Stride),
    windows: Type.Optional(Windows),
  },
  { additionalProperties: false },
);
export type ClassifyQuery = Static<typeof ClassifyQuery>;

const answer = {
  label: Type.String({
    description: 'the likeliest label; "unsure" where the model abstains: scores then has the ranking',
  }),
  score: Type.Number({ description: "the likeliest label's probability; a regression's value" }),
  labels: Type.Optional(
    Type.Array(Type.String(), {
      description: 'of a model that gives a text any number of labels: all whose score reaches their threshold',
    }),
  ),
  scores: Type.Optional(
    Type.Record(Type.String(), Type.Number(), {
      description: 'scores of the topK likeliest labels, and of five or more where the label is "unsure"',
    }),
  ),
  exit: Type.Integer({ description: 'the exit layer, from 1; 0: floor 0, before the network; of windows the deepest' }),
  tokens: Type.Array(Type.Integer(), {
    description:
      'tokens of the text as the network gets it, then those left after each layer that ran; of windows all of theirs',
  }),
  truncated: Type.Boolean(),
  windows: Type.Optional(
    Type.Integer({ description: 'windows that the text ran as; left out where it fits into one, or floor 0 answered' }),
  ),
  flops: Type.Number({ description: 'operations used' }),
  denseFlops: Type.Number({ description: 'operations of the network without pruning and exits' }),
};
export const Answer = Type.Object(answer);
export type Answer = Static<typeof Answer>;

export const ClassifyResponse = Type.Object({
  model: Type.String(),
  tau: Type.Union([Type.Number(), Type.Null()], { description: 'the tau that was used' }),
  results: Type.Array(Answer),
});

export const ErrorBody = Type.Object({
  error: Type.Object({
    code: Type.String({ description: 'MP_…, see docs/errors.md' }),
    message: Type.String(),
  }),
});

export const LineResponse = Type.Union([
  Type.Object({ ...answer, tau: Type.Union([Type.Number(), Type.Null()]), id: Type.Optional(Type.Unknown()) }),
  Type.Object({ ...ErrorBody.properties, id: Type.Optional(Type.Unknown()) }),
]);

export const ExplainRequest = Type.Object(
  {
    model: Type.Optional(Model),
    inputs: Text,
    tau: Type.Optional(Tau),
    deadlineMs: Type.Optional(DeadlineMs),
  },
  { additionalProperties: false },
);

const PerPiece = <T extends Parameters<typeof Type.Array>[0]>(item: T) => Type.Array(item);
const Logits = Type.Array(Type.Number());
const ExplainedFloor = Type.Object({
  scores: Type.Record(Type.String(), Type.Number()),
  uncertainty: Type.Number(),
  contributions: PerPiece(Logits),
  beyond: Logits,
  bias: Logits,
  figures: Type.Array(Type.Object({ name: Type.String(), logits: Logits })),
});
export const ExplainResponse = Type.Object({
  label: Type.String(),
  score: Type.Number(),
  unsure: Type.Boolean({ description: 'the score is too low to answer by: the model abstains' }),
  labels: Type.Optional(Type.Array(Type.String())),
  exit: Type.Integer({ description: 'the exit layer, from 1; 0: floor 0, before the network' }),
  tau: Type.Union([Type.Number(), Type.Null()]),
  truncated: Type.Boolean(),
  pieces: PerPiece(Type.String()),
  types: PerPiece(Type.Integer()),
  floor: Type.Union([ExplainedFloor, Type.Null()], {
    description: 'what floor 0 makes of the text: its logits are the sum of contributions, beyond, bias and figures',
  }),
  layers: Type.Array(
    Type.Object({
      importance: PerPiece(Type.Union([Type.Number(), Type.Null()])),
      kept: PerPiece(Type.Boolean()),
      scores: Type.Union([Type.Record(Type.String(), Type.Number()), Type.Null()]),
      uncertainty: Type.Union([Type.Number(), Type.Null()]),
    }),
  ),
});

export const Card = Type.Object({
  id: Type.String(),
  object: Type.Literal('model'),
  created: Type.Integer({ description: 'when it was loaded, in seconds since 1970' }),
  owned_by: Type.String(),
  root: Type.String(),
  parent: Type.Null(),
  max_model_len: Type.Integer(),
  permission: Type.Array(Type.Unknown()),
  labels: Type.Array(Type.String()),
  problemType: Type.String(),
  method: Type.String(),
  modelType: Type.String(),
  layers: Type.Integer(),
  maxLength: Type.Integer(),
  pairs: Type.Boolean(),
  exits: Type.Boolean(),
  tau: Type.Union([Type.Number(), Type.Null()], { description: 'the tau of requests that give none, as it is now' }),
  maxTau: Type.Union([Type.Number(), Type.Null()]),
  dtype: Type.String(),
  version: Type.String(),
});

export const failures = errorResponses(ErrorBody);
